#include "coordinator/api/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <asio/ssl.hpp>

#include "common/base/file.hpp"

namespace fieldline::api {
namespace {

// Those of TLS 1.2; all of TLS 1.3 are good.
constexpr auto kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Result<> check_private(const std::filesystem::path& key) {
  struct stat status {};
  if (::stat(key.c_str(), &status) != 0) return io_failure("can't find the TLS key", key);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fail(ErrorCode::kInvalid, "others may have read this TLS key: its mode must be 0600", key.string());
}

Failure unusable(const std::filesystem::path& file, const asio::error_code& error) {
  return fail(ErrorCode::kInvalid, fmt::format("this file does not serve for TLS: {}", error.message()),
              file.string());
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> open_tls(const TlsFiles& files) {
  if (auto kept = check_private(files.key); !kept) return fail(std::move(kept.error()));
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(native, kCiphers) != 1)
    return fail(ErrorCode::kInternal, "OpenSSL has none of the ciphers");
  asio::error_code error;
  // A pass phrase would be asked for on the terminal.
  context->set_password_callback([](auto, auto) { return std::string(); }, error);
  context->use_certificate_chain_file(files.certificate.string(), error);
  if (error) return unusable(files.certificate, error);
  context->use_private_key_file(files.key.string(), asio::ssl::context::pem, error);
  if (error) return unusable(files.key, error);
  if (SSL_CTX_check_private_key(native) != 1)
    return fail(ErrorCode::kInvalid, "the TLS key is not that of the certificate", files.key.string());
  return context;
}

}  // namespace fieldline::api
