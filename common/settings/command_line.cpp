#include "common/settings/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <set>
#include <string_view>
#include <vector>

#include "common/settings/document.hpp"
#include "common/settings/sample.hpp"

namespace fieldline::settings {
namespace {

using Findings = std::vector<std::string>;

// What the command line says, before anything is believed.
struct Request {
  std::string file;
  bool sample = false;
  bool check = false;
  bool version = false;
  std::vector<std::vector<std::string>> flags;  // by option; empty: not given
};

// The library's own form of "--threads integer=4 ..." is hard to read: kind and default go behind the help.
class PlainFlags final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
};

std::string help_line(const Option& option) {
  if (option.required) return fmt::format("{} ({}; required)", option.help, option.kind);
  if (option.defaults.empty()) return fmt::format("{} ({})", option.help, option.kind);
  return fmt::format("{} ({}; default {})", option.help, option.kind, fmt::join(option.defaults, ", "));
}

void describe(CLI::App& app, const Program& program, std::span<const Option> options, Request& request) {
  app.formatter(std::make_shared<PlainFlags>());
  app.set_help_flag("-h,--help", "Show this help and exit");
  app.add_flag("--version", request.version, "Show the version and exit");
  app.add_flag("--sample", request.sample, "Write a sample settings file with all defaults and exit");
  app.add_flag("--check", request.check, "Test the settings and exit: 0 when they are right, 1 when not");
  app.add_option("-c,--config", request.file,
                 fmt::format("The settings file, YAML (default {}, where it exists)", program.default_file))
      ->type_name("FILE");
  request.flags.resize(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    app.add_option("--" + options[i].key, request.flags[i], help_line(options[i]))
        ->allow_extra_args(false)
        ->group("Settings (flags, and keys of the file)")
        ->type_name("VALUE");
  }
}

const Option* find(std::span<const Option> options, std::string_view key) {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.key == key; });
  return found == options.end() ? nullptr : &*found;
}

bool is_group(std::span<const Option> options, const std::string& key) {
  const auto prefix = key + ".";
  return std::any_of(options.begin(), options.end(),
                     [&](const auto& o) { return o.key.starts_with(prefix); });
}

// Assigns one entry of the file; gives what is wrong with it, or nothing.
std::optional<std::string> assign_entry(std::span<const Option> options, const Entry& entry) {
  const auto* option = find(options, entry.key);
  if (option == nullptr) {
    // A group whose settings are all commented out, as in the sample.
    if (entry.texts.empty() && !entry.list && is_group(options, entry.key)) return std::nullopt;
    return fmt::format("{}: there is no such setting; --sample shows all there are", entry.key);
  }
  if (!entry.list && entry.texts.empty()) return fmt::format("{}: has no value", entry.key);
  if (entry.list && !option->list) return fmt::format("{}: takes one value, not a list", entry.key);
  if (auto assigned = option->assign(entry.texts); !assigned) {
    return fmt::format("{}: {}", entry.key, assigned.error().message);
  }
  return std::nullopt;
}

void assign_file(const std::string& file, std::span<const Option> options, std::set<std::string>& given,
                 Findings& findings) {
  const auto bytes = read_file(file);
  if (!bytes) {
    findings.push_back(fmt::format("{}: {}", file, bytes.error().message));
    return;
  }
  const auto entries = parse_document(*bytes, file);
  if (!entries) {
    findings.push_back(fmt::format("{}: {}", entries.error().where, entries.error().message));
    return;
  }
  for (const auto& entry : *entries) {
    given.insert(entry.key);
    if (const auto wrong = assign_entry(options, entry)) {
      findings.push_back(fmt::format("{}:{}: {}", file, entry.line, *wrong));
    }
  }
}

void assign_flags(const Request& request, std::span<const Option> options, std::set<std::string>& given,
                  Findings& findings) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto& option = options[i];
    const auto& texts = request.flags[i];
    if (texts.empty()) continue;
    given.insert(option.key);
    if (!option.list && texts.size() > 1) {
      findings.push_back(fmt::format("--{}: is given twice", option.key));
    } else if (auto assigned = option.assign(texts); !assigned) {
      findings.push_back(fmt::format("--{}: {}", option.key, assigned.error().message));
    }
  }
}

Findings assign_all(const Request& request, const std::string& file, std::span<const Option> options,
                    const std::function<Result<>()>& check_whole) {
  Findings findings;
  std::set<std::string> given;
  if (!file.empty()) assign_file(file, options, given, findings);
  assign_flags(request, options, given, findings);
  if (!findings.empty()) return findings;
  for (const auto& option : options) {
    if (option.required && !given.contains(option.key)) {
      findings.push_back(
          fmt::format("{}: must be set, in the settings file or with --{}", option.key, option.key));
    }
  }
  if (!findings.empty()) return findings;
  if (auto checked = check_whole(); !checked) findings.push_back(checked.error().message);
  return findings;
}

// The file to read: the one named, else the default where it exists, else none.
std::string choose_file(const Program& program, const Request& request) {
  if (!request.file.empty()) return request.file;
  std::error_code ignored;
  return std::filesystem::exists(program.default_file, ignored) ? program.default_file : "";
}

}  // namespace

std::optional<int> apply_command_line(const Program& program, std::span<const Option> options,
                                      const std::function<Result<>()>& check_whole, int argc,
                                      const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app(program.purpose, program.name);
  Request request;
  describe(app, program, options, request);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    err << program.name << ": " << error.what() << "\n"
        << "Run '" << program.name << " --help' for what it takes.\n";
    return kExitRefused;
  }
  if (request.version) {
    out << program.name << ' ' << program.version << '\n';
    return 0;
  }
  if (request.sample) {
    out << sample_file(program.name, options);
    return 0;
  }
  const auto file = choose_file(program, request);
  const auto findings = assign_all(request, file, options, check_whole);
  for (const auto& finding : findings) err << program.name << ": " << finding << '\n';
  if (!request.check) return findings.empty() ? std::nullopt : std::optional(kExitRefused);
  if (!findings.empty()) return kExitCheckFailed;
  out << (file.empty() ? "the settings" : file) << ": right\n";
  return 0;
}

}  // namespace fieldline::settings
