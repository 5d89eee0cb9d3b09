// A token is header.payload.signature, each in base64url without padding. The header is always the same text,
// so it is compared instead of parsed: no other algorithm, "none" included, can be asked for. The payload is
// read only after its signature was found right.
//
// HMAC keeps the hashed key in an EVP_MAC context. Making one costs as much as the MAC itself, so each thread
// keeps the context that it used last and starts it over (0.4 instead of 0.9 us).
#include "core/token.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parser.hpp>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme {

namespace json = boost::json;

namespace {

constexpr std::string_view header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";  // {"alg":"HS256","typ":"JWT"}
constexpr std::string_view issuer = "buyme";
constexpr std::size_t mac_bytes = 32;
constexpr std::size_t signature_chars = 43;  // 32 bytes in base64url
constexpr std::size_t max_session_id_bytes = 64;
constexpr std::size_t key_file_bytes = 32;

constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> make_base64url_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < base64url_alphabet.size(); ++i) {
    values[static_cast<unsigned char>(base64url_alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto base64url_values = make_base64url_values();

void append_base64url(std::string& out, std::string_view bytes) {
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += base64url_alphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += base64url_alphabet[(bits << (6 - count)) & 63];
}

// False for characters outside the alphabet, padding, an impossible length, and bits that no byte uses: one
// value has one spelling.
bool read_base64url(std::string_view text, std::string& bytes) {
  std::uint32_t bits = 0;
  int count = 0;
  bytes.clear();
  for (const char c : text) {
    const int value = base64url_values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return count < 6 && (bits & ((1u << count) - 1)) == 0;
}

std::string_view role_name(Role role) {
  return role == Role::admin ? "ADMIN" : "USER";
}

std::optional<Role> role_named(std::string_view name) {
  if (name == role_name(Role::user)) return Role::user;
  if (name == role_name(Role::admin)) return Role::admin;
  return std::nullopt;
}

bool is_session_id(std::string_view text) {
  if (text.empty() || text.size() > max_session_id_bytes) return false;
  return text.find_first_not_of(base64url_alphabet) == std::string_view::npos;
}

std::int64_t unix_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// A positive number as sign() writes it: digits alone, no leading zero.
std::optional<std::int64_t> read_subject(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0 || text.front() == '0') {
    return std::nullopt;
  }
  return value;
}

std::optional<std::string_view> text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  if (text == nullptr) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

std::optional<Time> time_member(const json::object& object, std::string_view name) {
  constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 1000;
  const json::value* value = object.if_contains(name);
  const std::int64_t* seconds = value != nullptr ? value->if_int64() : nullptr;
  if (seconds == nullptr || *seconds < 0 || *seconds > latest) return std::nullopt;
  return Time{std::chrono::seconds{*seconds}};
}

std::string write_claims(const Claims& claims) {
  return fmt::format(R"({{"iss":"{}","sub":"{}","role":"{}","iat":{},"exp":{},"jti":"{}"}})", issuer,
                     claims.user.value, role_name(claims.role), unix_seconds(claims.issued_at),
                     unix_seconds(claims.expires_at), claims.session_id);
}

// All six members, nothing beside them.
std::optional<Claims> read_claims(std::string_view text) {
  constexpr std::size_t members = 6;
  std::array<unsigned char, 1024> memory, scratch;
  json::monotonic_resource resource(memory.data(), memory.size());
  json::parser parser(&resource, {}, scratch.data(), scratch.size());
  boost::system::error_code failed;
  parser.write(text, failed);
  if (failed) return std::nullopt;
  const json::value document = parser.release();
  const json::object* object = document.if_object();
  if (object == nullptr || object->size() != members) return std::nullopt;

  const auto issued_by = text_member(*object, "iss");
  const auto subject = text_member(*object, "sub");
  const auto role_text = text_member(*object, "role");
  const auto session = text_member(*object, "jti");
  const auto issued_at = time_member(*object, "iat");
  const auto expires_at = time_member(*object, "exp");
  if (!issued_by || !subject || !role_text || !session || !issued_at || !expires_at) return std::nullopt;

  const auto user = read_subject(*subject);
  const auto role = role_named(*role_text);
  if (*issued_by != issuer || !user || !role || !is_session_id(*session)) return std::nullopt;
  return Claims{UserId{*user}, *role, *issued_at, *expires_at, std::string(*session)};
}

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

Context make_context(std::string_view secret) {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Context context(EVP_MAC_CTX_new(algorithm));  // keeps the algorithm alive
  EVP_MAC_free(algorithm);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  const auto* key = reinterpret_cast<const unsigned char*>(secret.data());
  if (!context || EVP_MAC_init(context.get(), key, secret.size(), parameters) != 1) {
    throw std::runtime_error("OpenSSL has no HMAC with SHA-256");
  }
  return context;
}

[[noreturn]] void fail_key_file(const std::string& path, std::string_view what, int error) {
  throw std::runtime_error(
      fmt::format("{} the token key {}: {}", what, path, std::system_category().message(error)));
}

struct File {
  explicit File(int opened) : descriptor(opened) {}
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

// nullopt when there is no such file.
std::optional<std::string> read_key_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.descriptor < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail_key_file(path, "cannot open", errno);
  }
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0) fail_key_file(path, "cannot read", errno);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw std::runtime_error(fmt::format(
        "the token key {} is open to other users of this machine: make a new one, or, if nobody can "
        "have read it, chmod 600",
        path));
  }
  std::string secret(key_file_bytes + 1, '\0');  // one more shows a file that is too long
  const ssize_t count = ::read(file.descriptor, secret.data(), secret.size());
  if (count < 0) fail_key_file(path, "cannot read", errno);
  if (static_cast<std::size_t>(count) != key_file_bytes) {
    throw std::runtime_error(fmt::format("the token key {} must have {} bytes", path, key_file_bytes));
  }
  secret.resize(key_file_bytes);
  return secret;
}

void sync_directory_of(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  const File file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.descriptor < 0 || ::fsync(file.descriptor) != 0) fail_key_file(path, "cannot sync", errno);
}

// The key gets its name only when it is whole and on disk, so a crash leaves no half of one, and link()
// refuses to replace a key that another process has made meanwhile.
void create_key_file(const std::string& path) {
  const std::string unfinished = fmt::format("{}.{}", path, secure_random_hex(8));
  const std::string secret = secure_random_bytes(key_file_bytes);
  {
    const File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.descriptor < 0) fail_key_file(path, "cannot make", errno);
    errno = 0;
    const ssize_t count = ::write(file.descriptor, secret.data(), secret.size());
    const bool whole = count == static_cast<ssize_t>(secret.size()) && ::fsync(file.descriptor) == 0;
    if (!whole) {
      const int error = errno != 0 ? errno : ENOSPC;  // a short write sets none
      ::unlink(unfinished.c_str());
      fail_key_file(path, "cannot write", error);
    }
  }
  const int linked = ::link(unfinished.c_str(), path.c_str());
  const int error = errno;
  ::unlink(unfinished.c_str());
  if (linked != 0 && error != EEXIST) fail_key_file(path, "cannot make", error);
  sync_directory_of(path);
}

}  // namespace

struct TokenKey::Mac {
  explicit Mac(std::string_view secret) : pattern(make_context(secret)) {}

  // The calling thread's context, started over.
  EVP_MAC_CTX* start() const {
    thread_local Context context;
    thread_local std::uint64_t owner = 0;
    if (owner != serial) {
      context.reset(EVP_MAC_CTX_dup(pattern.get()));
      owner = serial;
    }
    // Without a key the context begins anew with the one it has.
    if (!context || EVP_MAC_init(context.get(), nullptr, 0, nullptr) != 1) {
      owner = 0;
      throw std::runtime_error("HMAC cannot start");
    }
    return context.get();
  }

  const Context pattern;
  // Not the address: that of a key that is gone may be given to the next.
  const std::uint64_t serial = [] {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }();
};

TokenKey::TokenKey(std::string_view secret) {
  if (secret.size() < min_secret_bytes) throw std::invalid_argument("a token key needs at least 32 bytes");
  mac_ = std::make_unique<Mac>(secret);
}

TokenKey::~TokenKey() = default;

std::string TokenKey::signature(std::string_view signed_part) const {
  EVP_MAC_CTX* context = mac_->start();
  std::array<char, mac_bytes> mac;
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_part.data());
  auto* out = reinterpret_cast<unsigned char*>(mac.data());
  if (EVP_MAC_update(context, bytes, signed_part.size()) != 1 ||
      EVP_MAC_final(context, out, &size, mac.size()) != 1 || size != mac.size()) {
    throw std::runtime_error("HMAC failed");
  }
  std::string text;
  append_base64url(text, {mac.data(), mac.size()});
  return text;
}

std::string TokenKey::sign(const Claims& claims) const {
  if (!claims.user || !is_session_id(claims.session_id)) {
    throw std::invalid_argument("a token needs a user and a session id");
  }
  std::string token;
  token.reserve(320);
  token.append(header).append(".");
  append_base64url(token, write_claims(claims));
  const std::string mac = signature(token);
  return token.append(".").append(mac);
}

std::optional<Claims> TokenKey::verify(std::string_view token, Time now) const {
  constexpr std::size_t least = header.size() + 1 + 1 + signature_chars;
  if (token.size() <= least || token.size() > limits::max_token_bytes) return std::nullopt;
  const std::size_t last_dot = token.size() - signature_chars - 1;
  if (!token.starts_with(header) || token[header.size()] != '.' || token[last_dot] != '.')
    return std::nullopt;

  // Compared as text: each MAC has one spelling, so nothing else can pass for it.
  const std::string expected = signature(token.substr(0, last_dot));
  if (CRYPTO_memcmp(expected.data(), token.data() + last_dot + 1, signature_chars) != 0) return std::nullopt;

  std::string payload;
  if (!read_base64url(token.substr(header.size() + 1, last_dot - header.size() - 1), payload)) {
    return std::nullopt;
  }
  auto claims = read_claims(payload);
  if (!claims || now >= claims->expires_at) return std::nullopt;
  return claims;
}

// What is signed as a token has no line break.
std::string TokenKey::derive(std::string_view text) const {
  return signature(fmt::format("derived\n{}", text));
}

std::string token_fingerprint(std::string_view token) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  crypto_hash_sha256(hash.data(), bytes, token.size());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex;
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

std::string load_or_create_token_key(const std::string& path) {
  if (auto secret = read_key_file(path)) return *secret;
  create_key_file(path);
  if (auto secret = read_key_file(path)) return *secret;
  throw std::runtime_error("the token key " + path + " vanished while it was being made");
}

}  // namespace buyme
