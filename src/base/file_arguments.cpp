#include "base/file_arguments.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

void check_is_no_folder(std::string_view verb, const OutputArgument& output) {
  std::error_code ignored;
  if (!output.path.ends_with('/') && !fs::is_directory(output.path, ignored)) return;
  throw UsageError(concat("[", verb, "] ", output.option, ": ", output.path, " is a folder; give the name of a file"));
}

}  // namespace

bool is_same_file(const fs::path& a, const fs::path& b) {
  if (a.empty() || b.empty()) return false;
  if (a == "-" || b == "-") return false;
  std::error_code code;
  const bool both_there = fs::exists(a, code) && fs::exists(b, code);
  if (both_there) return fs::is_regular_file(a, code) && fs::equivalent(a, b, code);
  return fs::weakly_canonical(fs::absolute(a), code) == fs::weakly_canonical(fs::absolute(b), code);
}

void check_inputs(std::string_view verb, std::span<const std::string> inputs) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1) throw UsageError(concat("[", verb, "] -: standard input can be read only once"));
}

void check_file_arguments(std::string_view verb, std::span<const std::string> inputs, std::initializer_list<OutputArgument> outputs) {
  check_inputs(verb, inputs);
  for (const OutputArgument* output = outputs.begin(); output != outputs.end(); ++output) {
    if (output->path.empty()) continue;
    if (output->path != "-") check_is_no_folder(verb, *output);
    for (const std::string& input : inputs) {
      if (!is_same_file(input, output->path)) continue;
      throw UsageError(concat("[", verb, "] ", output->option, ": ", output->path, " is also an input; choose another file"));
    }
    for (const OutputArgument* other = outputs.begin(); other != output; ++other) {
      const bool both_stdout = output->path == "-" && other->path == "-";
      if (!both_stdout && !is_same_file(other->path, output->path)) continue;
      throw UsageError(concat("[", verb, "] ", other->option, " and ", output->option, ": both are ", output->path, "; choose two files"));
    }
  }
}

}  // namespace vitrine
