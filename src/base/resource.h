// base/resource.h - where the files that ship with the program are: models, rules, tables, examples.
#pragma once
#include <filesystem>
#include <string_view>

namespace vitrine {

/// Finds `relative` ("rules/templates.tsv") in $VITRINE_HOME, then in ../share/vitrine of the program's
/// folder, then in the program's folder and the four above it. Throws NotFound, naming the places.
std::filesystem::path resource_path(std::string_view relative);

/// The folder of the running program.
std::filesystem::path program_folder();

}  // namespace vitrine
