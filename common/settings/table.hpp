// One table of settings per daemon: the only place that says which there are. It gives the defaults,
// the file, the flags, --help, --sample and --check. Start-up only, one thread.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/settings/command_line.hpp"
#include "common/settings/limits.hpp"
#include "common/settings/option.hpp"
#include "common/settings/text.hpp"

namespace fieldline::settings {

namespace detail {
template <class T>
struct Element {
  using type = T;
};
template <class T>
struct Element<std::optional<T>> {
  using type = T;
};
template <class T>
struct Element<std::vector<T>> {
  using type = T;
};
template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
}  // namespace detail

template <class S>
class AnySetting {
 public:
  virtual ~AnySetting() = default;
  // The option that assigns into `settings`, whose present values are the defaults.
  virtual Option bind(S& settings) const = 0;
};

// A setting of type T, or std::optional or std::vector of what has a Text.
template <class S, class T>
class Setting final : public AnySetting<S> {
 public:
  using Element = typename detail::Element<T>::type;

  Setting(std::string key, std::function<T&(S&)> member, std::string help)
      : key_(std::move(key)), member_(std::move(member)), help_(std::move(help)) {}

  // Both ends are allowed.
  Setting& range(Element low, Element high) {
    range_.emplace(low, high);
    return *this;
  }
  Setting& required() {
    required_ = true;
    return *this;
  }

  Option bind(S& settings) const override {
    auto& target = member_(settings);
    return {key_,
            help_,
            kind(),
            print(target),
            detail::kIsList<T>,
            required_,
            [this, &target](const std::vector<std::string>& texts) { return assign(target, texts); }};
  }

 private:
  [[nodiscard]] std::string kind() const {
    std::string kind(Text<Element>::kKind);
    if constexpr (detail::kIsList<T>) kind = "list of " + kind;
    if (range_) {
      kind += fmt::format(", {} to {}", Text<Element>::print(range_->first),
                          Text<Element>::print(range_->second));
    }
    return kind;
  }

  [[nodiscard]] std::vector<std::string> print(const T& value) const {
    std::vector<std::string> texts;
    if constexpr (detail::kIsList<T>) {
      for (const auto& item : value) texts.push_back(Text<Element>::print(item));
    } else if constexpr (detail::kIsOptional<T>) {
      if (value) texts.push_back(Text<Element>::print(*value));
    } else if (!required_) {
      texts.push_back(Text<Element>::print(value));
    }
    return texts;
  }

  [[nodiscard]] Result<Element> parse(const std::string& text) const {
    auto value = Text<Element>::parse(text);
    if constexpr (std::totally_ordered<Element>) {
      if (value && range_ && (*value < range_->first || range_->second < *value)) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("{} is not in the range {} to {}", text, Text<Element>::print(range_->first),
                                Text<Element>::print(range_->second)));
      }
    }
    return value;
  }

  Result<> assign(T& target, const std::vector<std::string>& texts) const {
    if constexpr (detail::kIsList<T>) {
      if (texts.size() > kListItems) {
        return fail(ErrorCode::kTooLarge, fmt::format("has more than {} items", kListItems));
      }
      T items;
      for (const auto& text : texts) {
        auto item = parse(text);
        if (!item) return fail(item.error());
        items.push_back(std::move(*item));
      }
      target = std::move(items);
    } else {
      auto value = parse(texts.front());
      if (!value) return fail(value.error());
      target = std::move(*value);
    }
    return {};
  }

  std::string key_;
  std::function<T&(S&)> member_;
  std::string help_;
  std::optional<std::pair<Element, Element>> range_;
  bool required_ = false;
};

template <class S>
class Table {
 public:
  explicit Table(Program program) : program_(std::move(program)) {}

  // `member` is a pointer to a member of S, or a callable S& -> T&.
  template <class Member>
  auto& add(std::string key, Member member, std::string help) {
    using T = std::remove_reference_t<std::invoke_result_t<Member, S&>>;
    auto setting = std::make_unique<Setting<S, T>>(
        std::move(key), [member](S& settings) -> T& { return std::invoke(member, settings); },
        std::move(help));
    auto& added = *setting;
    settings_.push_back(std::move(setting));
    return added;
  }

  // What must hold between settings; runs when each by itself is right.
  void check(std::function<Result<>(const S&)> rule) { rules_.push_back(std::move(rule)); }

  // The settings to run with, or the code to exit with after all has been said on the streams.
  [[nodiscard]] tl::expected<S, int> load(int argc, const char* const* argv, std::ostream& out = std::cout,
                                          std::ostream& err = std::cerr) const {
    S settings{};
    std::vector<Option> options;
    for (const auto& setting : settings_) options.push_back(setting->bind(settings));
    const auto check_whole = [&]() -> Result<> {
      for (const auto& rule : rules_) {
        if (auto kept = rule(settings); !kept) return kept;
      }
      return {};
    };
    if (const auto code = apply_command_line(program_, options, check_whole, argc, argv, out, err)) {
      return tl::unexpected(*code);
    }
    return settings;
  }

 private:
  Program program_;
  std::vector<std::unique_ptr<AnySetting<S>>> settings_;
  std::vector<std::function<Result<>(const S&)>> rules_;
};

}  // namespace fieldline::settings
