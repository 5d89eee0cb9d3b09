#include "app/config.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace buyme::app {
namespace {

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "buyme-config-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& text) {
    const std::string path = directory_ / "shop.toml";
    std::ofstream(path) << text;
    return path;
  }

  // What load_config says of these sources; empty when it takes them. The directory is left out of it.
  std::string refusal(const Sources& sources) {
    try {
      load_config(sources);
    } catch (const ConfigError& error) {
      std::string text = error.what();
      const std::string prefix = directory_.string() + "/";
      if (text.starts_with(prefix)) text = text.substr(prefix.size());
      return text;
    }
    return "";
  }

  std::filesystem::path directory_;
};

TEST_F(ConfigTest, DefaultsAreThoseOfTheDesign) {
  const Config config = load_config({});
  EXPECT_EQ(config.server.host, "127.0.0.1");
  EXPECT_EQ(config.port(), 8080);
  EXPECT_EQ(config.auth, Auth::required);
  EXPECT_EQ(config.order.hold_seconds, 600);
  EXPECT_EQ(config.order.payment_grace_seconds, 60);
  EXPECT_EQ(config.payment.success_rate, 0.8);
  EXPECT_EQ(config.payment.timeout_ms, 10'000);
  EXPECT_GE(config.server.io_threads, 1);
}

TEST_F(ConfigTest, FileSetsEveryKindOfValue) {
  const Config config = load_config({.file = file("data_dir = \"/srv/shop\"\nauth = \"trusted\"\n"
                                                  "[order]\nhold_seconds = 5\n"
                                                  "[payment]\nsuccess_rate = 1\n[log]\nlevel = \"warn\"\n"),
                                     .environment = {},
                                     .flags = {}});
  EXPECT_EQ(config.data_dir, "/srv/shop");
  EXPECT_EQ(config.auth, Auth::trusted);
  EXPECT_EQ(config.order.hold_seconds, 5);
  EXPECT_EQ(config.payment.success_rate, 1.0);
  EXPECT_EQ(config.log.level, "warn");
}

TEST_F(ConfigTest, FlagsBeatEnvironmentWhichBeatsFile) {
  Sources sources{.file = file("[order]\nhold_seconds = 1\npayment_grace_seconds = 1\nqueue = 1\n"),
                  .environment = {"BUYME_ORDER_HOLD_SECONDS=2", "BUYME_ORDER_PAYMENT_GRACE_SECONDS=2"},
                  .flags = {{"--set", "order.hold_seconds", "3"}}};
  const Config config = load_config(sources);
  EXPECT_EQ(config.order.hold_seconds, 3);
  EXPECT_EQ(config.order.payment_grace_seconds, 2);
  EXPECT_EQ(config.order.queue, 1);
}

TEST_F(ConfigTest, LaterFlagBeatsEarlier) {
  const Config config =
      load_config({.file = "",
                   .environment = {},
                   .flags = {{"--port", "server.port", "1"}, {"--set", "server.port", "2"}}});
  EXPECT_EQ(config.server.port, 2);
}

TEST_F(ConfigTest, BadValueInFileIsNamedWithItsLine) {
  EXPECT_EQ(refusal({.file = file("\n[order]\n\nhold_seconds = 0\n"), .environment = {}, .flags = {}}),
            "shop.toml:4: order.hold_seconds: must be a whole number from 1 to 2592000, not 0");
  EXPECT_EQ(refusal({.file = file("order.hold_seconds = 1.5\n"), .environment = {}, .flags = {}}),
            "shop.toml:1: order.hold_seconds: must be a whole number from 1 to 2592000, not 1.5");
  EXPECT_EQ(refusal({.file = file("[payment]\nsuccess_rate = \"high\"\n"), .environment = {}, .flags = {}}),
            "shop.toml:2: payment.success_rate: must be a number from 0 to 1, not \"high\"");
  EXPECT_EQ(refusal({.file = file("[payment]\nsuccess_rate = nan\n"), .environment = {}, .flags = {}}),
            "shop.toml:2: payment.success_rate: must be a number from 0 to 1, not nan");
  EXPECT_EQ(refusal({.file = file("auth = \"none\"\n"), .environment = {}, .flags = {}}),
            "shop.toml:1: auth: must be one of required, trusted, not \"none\"");
  EXPECT_EQ(refusal({.file = file("data_dir = true\n"), .environment = {}, .flags = {}}),
            "shop.toml:1: data_dir: must be text that is not empty");
}

TEST_F(ConfigTest, UnknownSettingInFileIsRefused) {
  EXPECT_EQ(refusal({.file = file("[order]\nhold_second = 1\n"), .environment = {}, .flags = {}}),
            "shop.toml:2: order.hold_second: there is no such setting; `buyme serve --help` lists them");
  EXPECT_EQ(refusal({.file = file("\n[orders]\nhold_seconds = 1\n"), .environment = {}, .flags = {}}),
            "shop.toml:2: orders: there is no such setting; `buyme serve --help` lists them");
}

TEST_F(ConfigTest, BrokenOrMissingFileIsRefused) {
  EXPECT_TRUE(refusal({.file = file("[order]\nhold_seconds = = 1\n"), .environment = {}, .flags = {}})
                  .starts_with("shop.toml:2: "));
  EXPECT_EQ(refusal({.file = directory_ / "absent.toml", .environment = {}, .flags = {}}),
            "absent.toml: cannot be read: No such file or directory");
  EXPECT_NE(refusal({.file = directory_, .environment = {}, .flags = {}}), "");
}

TEST_F(ConfigTest, BadVariableIsRefusedByName) {
  EXPECT_EQ(refusal({.file = "", .environment = {"BUYME_SERVER_PORT=80x"}, .flags = {}}),
            "BUYME_SERVER_PORT: must be a whole number from 0 to 65535, not \"80x\"");
  EXPECT_EQ(refusal({.file = "", .environment = {"BUYME_SERVER_PORT="}, .flags = {}}),
            "BUYME_SERVER_PORT: must be a whole number from 0 to 65535, not \"\"");
}

TEST_F(ConfigTest, UnknownVariableIsRefusedAndForeignOnesAreNot) {
  EXPECT_EQ(refusal({.file = "", .environment = {"BUYME_SERVER_PROT=80"}, .flags = {}}),
            "BUYME_SERVER_PROT: no setting has this environment variable; `buyme serve --help` lists them");
  EXPECT_EQ(refusal({.file = "", .environment = {"PORT=80", "MY_BUYME_PORT=1", "odd"}, .flags = {}}), "");
}

TEST_F(ConfigTest, BadFlagIsRefusedAsThePersonWroteIt) {
  EXPECT_EQ(refusal({.file = "", .environment = {}, .flags = {{"--port", "server.port", "65536"}}}),
            "--port: must be a whole number from 0 to 65535, not 65536");
  EXPECT_EQ(refusal({.file = "", .environment = {}, .flags = {{"--set", "server.prot", "1"}}}),
            "--set: there is no setting \"server.prot\"; `buyme serve --help` lists them");
}

TEST_F(ConfigTest, BoundsAreInclusive) {
  for (const char* good : {"0", "1", "0.5"}) {
    EXPECT_EQ(
        refusal(
            {.file = "", .environment = {std::string("BUYME_PAYMENT_SUCCESS_RATE=") + good}, .flags = {}}),
        "");
  }
  for (const char* bad : {"-0.1", "1.01", "nan", "inf"}) {
    EXPECT_NE(
        refusal({.file = "", .environment = {std::string("BUYME_PAYMENT_SUCCESS_RATE=") + bad}, .flags = {}}),
        "");
  }
}

TEST_F(ConfigTest, TrustedIsServedOnLoopbackOnly) {
  const FlagValue trusted{"--auth", "auth", "trusted"};
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_EQ(refusal({.file = "", .environment = {}, .flags = {trusted, {"--host", "server.host", host}}}),
              "");
  }
  for (const char* host : {"0.0.0.0", "::", "10.1.2.3"}) {
    const std::string said =
        refusal({.file = "", .environment = {}, .flags = {trusted, {"--host", "server.host", host}}});
    EXPECT_NE(said.find("in anybody's name"), std::string::npos) << said;
    EXPECT_NE(said.find(host), std::string::npos) << said;
  }
  EXPECT_NE(refusal({.file = "", .environment = {}, .flags = {{"--host", "server.host", "localhost"}}}), "");
}

TEST_F(ConfigTest, AListIsAnArrayInTheFileAndOneTextElsewhere) {
  const Config config = load_config(
      {.file = file("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n[log]\nformat = \"json\"\n"),
       .environment = {"BUYME_SERVER_ALLOWED_ORIGINS=https://a.example, http://localhost:3000"},
       .flags = {}});
  EXPECT_EQ(config.server.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(config.server.allowed_origins,
            (std::vector<std::string>{"https://a.example", "http://localhost:3000"}));
  EXPECT_EQ(config.log.format, LogFormat::json);
  const auto set = [](const std::string& path, const std::string& value) {
    return Sources{.file = "", .environment = {}, .flags = {{"--set", path, value}}};
  };
  EXPECT_TRUE(load_config(set("server.trusted_proxies", "")).server.trusted_proxies.empty());
  EXPECT_NE(refusal(set("server.trusted_proxies", "proxy")), "");
  EXPECT_NE(refusal(set("server.trusted_proxies", "10.0.0.1,,")), "");
  EXPECT_NE(refusal(set("server.allowed_origins", "shop.example")), "");
  EXPECT_NE(refusal(set("server.allowed_origins", "https://shop.example/")), "");
  EXPECT_NE(refusal({.file = file("data_dir = [\"a\"]\n"), .environment = {}, .flags = {}}), "");
}

TEST_F(ConfigTest, AmountsAreWholeNumbersInOneListOnly) {
  const Config config =
      load_config({.file = file("[payment]\ndecline_amounts = [9002, 9001]\ntimeout_amounts = [\"9003\"]\n"),
                   .environment = {},
                   .flags = {}});
  EXPECT_EQ(amounts_of("", config.payment.decline_amounts), (std::vector<std::int64_t>{9'001, 9'002}));
  EXPECT_EQ(amounts_of("", config.payment.timeout_amounts), std::vector<std::int64_t>{9'003});
  const auto set = [](const std::string& declined, const std::string& lost) {
    return Sources{.file = "",
                   .environment = {},
                   .flags = {{"--set", "payment.decline_amounts", declined},
                             {"--set", "payment.timeout_amounts", lost}}};
  };
  EXPECT_EQ(load_config(set("9001,0", "9003")).payment.decline_amounts.size(), 2u);
  for (const std::string wrong : {"90.01", "-1", "1e3", "9001 9002", "1000000000000001"}) {
    EXPECT_NE(refusal(set(wrong, "none")).find("payment.decline_amounts"), std::string::npos) << wrong;
    EXPECT_NE(refusal(set("none", wrong)).find("payment.timeout_amounts"), std::string::npos) << wrong;
  }
  EXPECT_NE(refusal(set("9001,9002", "9002")), "");
}

TEST_F(ConfigTest, ASecretIsLongEnoughAndNeverShown) {
  const auto with = [](const std::string& token) {
    return Sources{.file = "", .environment = {"BUYME_SERVER_OPERATOR_TOKEN=" + token}, .flags = {}};
  };
  EXPECT_EQ(load_config(with("scraped with this")).server.operator_token, "scraped with this");
  EXPECT_EQ(load_config(with("none")).server.operator_token, "");
  const std::string refused = refusal(with("too short"));
  EXPECT_NE(refused.find("BUYME_SERVER_OPERATOR_TOKEN"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("too short"), std::string::npos) << refused;
}

TEST_F(ConfigTest, ARoleHasAPortOfItsOwnAndNeedsWhomItAsks) {
  std::vector<std::string> environment{
      "BUYME_DATABASE_HOST=db", "BUYME_DATABASE_USER=shop", "BUYME_REDIS_SERVERS=redis:6379",
      "BUYME_USER_TOKEN_KEY=a key that only these tests sign with", "BUYME_SERVER_ROLE=product"};
  const auto refused = [&] { return refusal({.file = "", .environment = environment, .flags = {}}); };
  EXPECT_NE(refused().find("services.credential"), std::string::npos) << refused();
  environment.emplace_back("BUYME_SERVICES_CREDENTIAL=shown-by-these-tests-to-one-another");
  EXPECT_NE(refused().find("services.order"), std::string::npos) << refused();
  environment.emplace_back("BUYME_SERVICES_ORDER=order-1:8083,order-2:8083");
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(load_config({.file = "", .environment = environment, .flags = {}}).port(), 8082);
  environment.emplace_back("BUYME_SERVER_PORT=9000");
  EXPECT_EQ(load_config({.file = "", .environment = environment, .flags = {}}).port(), 9000);
  environment.emplace_back("BUYME_SERVICES_ORDER=order-1");
  EXPECT_NE(refused().find("services.order"), std::string::npos) << refused();
  environment = {"BUYME_SERVER_ROLE=user"};
  EXPECT_NE(refused().find("database.host"), std::string::npos) << refused();
}

TEST(Settings, NamesAreUniqueAndFollowFromThePath) {
  EXPECT_EQ(environment_name("order.hold_seconds"), "BUYME_ORDER_HOLD_SECONDS");
  std::set<std::string> variables;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(variables.insert(environment_name(setting.path)).second) << setting.path;
    EXPECT_FALSE(setting.help.empty()) << setting.path;
    EXPECT_FALSE(setting.default_value.empty()) << setting.path;
  }
}

TEST_F(ConfigTest, EveryDefaultIsWithinItsBounds) {
  for (const Setting& setting : settings()) {
    const std::string entry = environment_name(setting.path) + "=" + setting.default_value;
    EXPECT_EQ(refusal({.file = "", .environment = {entry}, .flags = {}}), "");
  }
}

}  // namespace
}  // namespace buyme::app
