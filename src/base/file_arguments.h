// base/file_arguments.h - what is asked of the files of a command line before any work starts.
#pragma once
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace vitrine {

/// An option that names a file to write.
struct OutputArgument {
  std::string_view option;  // such as "--rejects"
  std::string path;         // empty = not given; "-" = standard output
};

/// Whether two names mean one regular file (or one that is still to be made): by other spelling, links too.
bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Checks the names only; nothing is opened. `inputs`: "-" is standard input, empty = not given.
/// Throws UsageError, naming the verb, the option and the file: an output that is a folder (or ends with "/"), that is
/// also an input, or another output; standard input read twice.
void check_file_arguments(std::string_view verb, std::span<const std::string> inputs, std::initializer_list<OutputArgument> outputs);

/// The part of it for verbs that write a folder.
void check_inputs(std::string_view verb, std::span<const std::string> inputs);

}  // namespace vitrine
