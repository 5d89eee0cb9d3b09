#include "app/control.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "core/limits.hpp"

namespace buyme::app {
namespace {

namespace fs = std::filesystem;

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "buyme-control-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::unique_ptr<ControlServer> serve(const fs::path& directory) {
    ControlServer::Handlers handlers;
    handlers["echo"] = [](const json::object& request) { return request; };
    handlers["long"] = [](const json::object&) {
      return json::object{{"text", std::string(5'000'000, 'x')}};
    };
    handlers["fail"] = [](const json::object&) -> json::object { throw ControlError("the till is closed"); };
    return std::make_unique<ControlServer>(directory, std::move(handlers), *clock_, make_null_log());
  }

  std::string refusal(const json::object& request) {
    try {
      ask_shop(directory_, request, *clock_);
    } catch (const ControlError& error) {
      return error.what();
    }
    return "";
  }

  // What the server answers to these very bytes.
  std::string send_raw(const std::string& bytes) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory_ / "control.sock").c_str());
    EXPECT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto size = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<std::size_t>(size);
    }
    shutdown(socket, SHUT_WR);
    std::string answer;
    char chunk[1024];
    for (;;) {
      const auto size = recv(socket, chunk, sizeof chunk, 0);
      if (size <= 0) break;
      answer.append(chunk, static_cast<std::size_t>(size));
    }
    close(socket);
    return answer;
  }

  fs::path directory_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
};

TEST_F(ControlTest, AnswersACommand) {
  const auto server = serve(directory_);
  const json::object answer = ask_shop(directory_, {{"command", "echo"}, {"count", 3}}, *clock_);
  EXPECT_EQ(answer.at("count"), 3);
}

TEST_F(ControlTest, AnswersMegabytes) {
  const auto server = serve(directory_);
  EXPECT_EQ(ask_shop(directory_, {{"command", "long"}}, *clock_).at("text").as_string().size(), 5'000'000u);
}

TEST_F(ControlTest, FailuresReachTheAsker) {
  const auto server = serve(directory_);
  EXPECT_EQ(refusal({{"command", "fail"}}), "the till is closed");
  EXPECT_EQ(refusal({{"command", "dance"}}), "this shop does not know the command dance");
  EXPECT_EQ(refusal({{"count", 1}}), "the request is not a command");
}

TEST_F(ControlTest, SocketIsItsOwnersAlone) {
  const auto server = serve(directory_);
  struct stat info {};
  ASSERT_EQ(stat((directory_ / "control.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ControlTest, LongPathsAreServed) {
  const fs::path deep = directory_ / std::string(100, 'a') / std::string(100, 'b');
  fs::create_directories(deep);
  const auto server = serve(deep);
  EXPECT_EQ(ask_shop(deep, {{"command", "echo"}}, *clock_).at("command"), "echo");
}

TEST_F(ControlTest, SocketOfADeadShopIsReplacedAndGoesWithTheLiving) {
  {
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory_ / "control.sock").c_str());
    ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    close(dead);
  }
  {
    const auto server = serve(directory_);
    EXPECT_EQ(refusal({{"command", "echo"}}), "");
  }
  EXPECT_FALSE(fs::exists(directory_ / "control.sock"));
}

TEST_F(ControlTest, BrokenRequestsDoNotStopTheServer) {
  const auto server = serve(directory_);
  EXPECT_EQ(send_raw("{]\n"), "{\"error\":\"the request is not a command\"}\n");
  EXPECT_EQ(send_raw("[1]\n"), "{\"error\":\"the request is not a command\"}\n");
  EXPECT_EQ(send_raw("{\"command\":\"echo\""), "");  // no end of line: nobody waits for the rest
  EXPECT_EQ(send_raw(std::string(64, '[') + "\n"), "{\"error\":\"the request is not a command\"}\n");
  send_raw(std::string(limits::control_request_bytes + 1'000, 'x'));
  EXPECT_EQ(refusal({{"command", "echo"}}), "");
}

TEST_F(ControlTest, StopDoesNotWaitForASilentAsker) {
  auto server = serve(directory_);
  const int silent = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, (directory_ / "control.sock").c_str());
  ASSERT_EQ(connect(silent, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const Monotonic before = clock_->monotonic();
  server.reset();
  EXPECT_LT(clock_->monotonic() - before, limits::control_request_timeout / 2);
  close(silent);
}

}  // namespace
}  // namespace buyme::app
