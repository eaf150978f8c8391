// The OpenAPI document as something to hold answers and examples against: the part of JSON Schema that
// it uses. For tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/model/json.hpp"

namespace fieldline::api::test {

class OpenApi {
 public:
  explicit OpenApi(Json document) : document_(std::move(document)) {}

  [[nodiscard]] const Json& document() const { return document_; }
  // What `reference`, "#/components/schemas/Site", stands for.
  [[nodiscard]] const Json& resolve(const Json& node) const;
  // Everything about `value` that `schema` forbids, each with its place.
  [[nodiscard]] std::vector<std::string> violations(const Json& schema, const Json& value,
                                                    const std::string& place = "") const;
  // The operation behind a request; null when the document has none.
  [[nodiscard]] const Json* operation(const std::string& method, const std::string& path) const;
  // What the document says of an answer that does not keep to it; empty when it does.
  [[nodiscard]] std::vector<std::string> violations_of_answer(const std::string& method,
                                                              const std::string& path, int status,
                                                              const std::string& media,
                                                              const std::string& body) const;

 private:
  void check_object(const Json& schema, const Json& value, const std::string& place,
                    std::vector<std::string>& found) const;
  void check_scalar(const Json& schema, const Json& value, const std::string& place,
                    std::vector<std::string>& found) const;

  Json document_;
};

}  // namespace fieldline::api::test
