#include <fmt/format.h>

#include <algorithm>

#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/text.hpp"
#include "coordinator/templates/tree_builder.hpp"

namespace fieldline::templates {
namespace {

// nlohmann's own tree would keep the last of two equal keys and nest without bound.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return builder_.scalar(nullptr, 0); }
  bool boolean(bool value) override { return builder_.scalar(value, 0); }
  bool number_integer(number_integer_t value) override { return builder_.scalar(value, 0); }
  bool number_unsigned(number_unsigned_t value) override { return builder_.scalar(value, 0); }
  bool number_float(number_float_t value, const string_t&) override { return builder_.scalar(value, 0); }
  bool string(string_t& value) override { return builder_.scalar(std::move(value), 0); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return builder_.open(Json::object(), 0); }
  bool key(string_t& text) override { return builder_.key(std::move(text), 0); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return builder_.open(Json::array(), 0); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    position_ = position;
    message_ = error.what();
    return false;
  }

  Json take() { return builder_.take(); }
  [[nodiscard]] Error error(std::string_view text) const {
    if (!builder_.problem().empty()) return {ErrorCode::kInvalid, builder_.problem(), "", {}};
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(position_, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    return {ErrorCode::kInvalid, "this is not JSON: " + message_, fmt::format("line {}", line), {}};
  }

 private:
  bool close() {
    builder_.close();
    return true;
  }

  TreeBuilder builder_{kMaxValues};
  std::size_t position_ = 0;
  std::string message_;
};

}  // namespace

Result<std::vector<Json>> parse_json(std::string_view text) {
  Reader reader;
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) return fail(reader.error(text));
  auto tree = reader.take();
  if (!tree.is_array()) return std::vector{std::move(tree)};
  return std::vector<Json>(std::make_move_iterator(tree.begin()), std::make_move_iterator(tree.end()));
}

}  // namespace fieldline::templates
