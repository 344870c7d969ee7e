#include "recipes/evaluate_inputs.h"

#include <algorithm>
#include <unordered_map>

#include "base/compressed.h"
#include "base/error.h"
#include "base/json.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

/// Calls use(line, number from 1) for each line that holds more than white space.
template <typename Use>
void for_each_line(std::string_view bytes, const Use& use) {
  int64_t number = 1;
  for (size_t at = 0; at < bytes.size(); ++number) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    std::string_view line = bytes.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) use(line, number);
    at = end + 1;
  }
}

/// A string field of a row; throws InvalidInput when it is missing or no string.
std::string text_field(const Json& row, std::string_view field, std::string_view where) {
  const auto found = row.find(field);
  VITRINE_REQUIRE(found != row.end() && found->is_string(), where, ": ", field, ": expected a text, got ",
                  found == row.end() ? "nothing" : dump_line(*found));
  return found->get<std::string>();
}

struct OutputRow {
  std::string text;
  std::vector<std::string> candidates;
};

OutputRow output_of_row(const Json& row, const std::string& where) {
  if (!row.contains("candidates")) return {text_field(row, "text", where), {}};
  OutputRow output;
  const Json& candidates = row["candidates"];
  VITRINE_REQUIRE(candidates.is_array(), where, ": candidates: expected a list, got ", dump_line(candidates));
  for (const Json& candidate : candidates) {
    VITRINE_REQUIRE(candidate.is_object(), where, ": candidates: expected objects, got ", dump_line(candidate));
    output.candidates.push_back(text_field(candidate, "text", where));
  }
  if (!output.candidates.empty()) output.text = output.candidates[0];
  return output;
}

std::unordered_map<std::string, size_t> positions_of(std::span<const data::Product> products) {
  std::unordered_map<std::string, size_t> positions;
  for (size_t i = 0; i < products.size(); ++i) {
    VITRINE_REQUIRE(positions.emplace(products[i].id, i).second, "[read_outputs] set: two products with the id ", products[i].id);
  }
  return positions;
}

eval::SystemOutputs& system_named(std::vector<eval::SystemOutputs>& systems, const std::string& name) {
  const auto found = std::find_if(systems.begin(), systems.end(), [&](const auto& system) { return system.name == name; });
  return found != systems.end() ? *found : systems.emplace_back(eval::SystemOutputs{name, {}});
}

}  // namespace

eval::SystemRun read_outputs(const std::filesystem::path& path, std::span<const data::Product> products) {
  const auto positions = positions_of(products);
  eval::SystemRun run{path.filename().string(), std::vector<std::string>(products.size()), std::vector<std::vector<std::string>>(products.size())};
  std::vector<bool> seen(products.size(), false);
  bool any_candidates = false;
  for_each_line(read_file_unpacked(path), [&](std::string_view line, int64_t number) {
    const std::string where = concat(path.string(), " row ", number);
    const Json row = parse_json(line, where);
    VITRINE_REQUIRE(row.is_object(), where, ": expected a JSON object");
    const auto position = positions.find(text_field(row, "id", where));
    VITRINE_REQUIRE(position != positions.end(), where, ": id: no product of the set has ", dump_line(row["id"]));
    const size_t at = position->second;
    VITRINE_REQUIRE(!seen[at], where, ": id: second line for ", products[at].id);
    seen[at] = true;
    OutputRow output = output_of_row(row, where);
    any_candidates |= !output.candidates.empty();
    run.texts[at] = std::move(output.text);
    run.candidates[at] = std::move(output.candidates);
  });
  const auto missing = std::find(seen.begin(), seen.end(), false);
  VITRINE_REQUIRE(missing == seen.end(), path.string(), ": no line for the product ", products[static_cast<size_t>(missing - seen.begin()) % products.size()].id);
  if (!any_candidates) run.candidates.clear();
  return run;
}

std::string file_of_argument(const std::string& argument) {
  const size_t equals = argument.find('=');
  std::string file = equals == std::string::npos ? argument : argument.substr(equals + 1);
  if (file.empty() || equals == 0) throw UsageError(concat("--outputs: expected NAME=FILE, got ", argument));
  return file;
}

std::vector<eval::SystemOutputs> read_systems(const std::vector<std::string>& arguments, std::span<const data::Product> products) {
  std::vector<eval::SystemOutputs> systems;
  for (const auto& argument : arguments) {
    const std::filesystem::path file = file_of_argument(argument);
    const size_t equals = argument.find('=');
    const std::string name = equals == std::string::npos ? without_compression_suffix(file).stem().string() : argument.substr(0, equals);
    system_named(systems, name).runs.push_back(read_outputs(file, products));
  }
  return systems;
}

eval::SynonymTable read_synonyms(const std::filesystem::path& path) {
  eval::SynonymTable synonyms;
  if (path.empty()) return synonyms;
  const std::string bytes = read_file_unpacked(path);
  for_each_line(bytes, [&](std::string_view line, int64_t number) {
    if (line.starts_with('#')) return;
    const size_t tab = line.find('\t');
    VITRINE_REQUIRE(tab != std::string_view::npos && tab > 0, path.string(), " row ", number, ": expected value<TAB>form, got ", line);
    auto& forms = synonyms[text::metric_code_points(line.substr(0, tab))];
    for (size_t from = tab + 1; from <= line.size();) {
      const size_t to = std::min(line.find('\t', from), line.size());
      if (to > from) forms.push_back(text::metric_code_points(line.substr(from, to - from)));
      from = to + 1;
    }
  });
  return synonyms;
}

}  // namespace vitrine::recipes
