// base/config_path.h - a settings file that is named on the command line.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace vitrine {

/// `name` as a file, else configs/NAME.json beside the program. Throws NotFound, naming `option` and both places.
std::filesystem::path find_config(std::string_view option, const std::string& name);

}  // namespace vitrine
