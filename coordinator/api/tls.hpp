// TLS for the HTTP server, by OpenSSL: 1.2 and later, forward secrecy and authenticated ciphers only.
// Refuses a key that others could have read. For starting up.
#pragma once

#include <filesystem>
#include <memory>

#include "common/base/result.hpp"

namespace asio::ssl {
class context;
}

namespace fieldline::api {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, the chain from the server's own upwards
  std::filesystem::path key;          // PEM, without a pass phrase
};

// kInvalid: what is wrong with which file.
Result<std::shared_ptr<asio::ssl::context>> open_tls(const TlsFiles& files);

}  // namespace fieldline::api
