// The sample file of a table: every setting with its meaning, its kind and its default, commented out.
#pragma once

#include <span>
#include <string>

#include "common/settings/option.hpp"

namespace fieldline::settings {

// Settings of one group must stand together in `options`, or the file would name the group twice.
std::string sample_file(const std::string& program, std::span<const Option> options);

// `text` as a YAML scalar: quoted where plain text would read as something else.
std::string yaml_scalar(const std::string& text);

}  // namespace fieldline::settings
