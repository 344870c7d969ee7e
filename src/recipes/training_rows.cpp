#include "recipes/training_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

/// The licence that an ATTRIBUTION.md beside the data states as SPDX-License-Identifier; "" without one.
std::string licence_beside(const fs::path& file) {
  constexpr std::string_view kTag = "SPDX-License-Identifier: ";
  const fs::path attribution = file.parent_path() / "ATTRIBUTION.md";
  if (file == "-" || !fs::exists(attribution)) return "";
  const std::string text = read_file(attribution);
  const size_t at = text.find(kTag);
  if (at == std::string::npos) return "";
  const std::string rest = text.substr(at + kTag.size());
  return rest.substr(0, rest.find_first_of(" \r\n"));
}

}  // namespace

fs::path data_file(const fs::path& path) { return fs::is_directory(path) ? path / "train.jsonl" : path; }

data::ImportResult read_training_rows(std::string_view verb, const fs::path& path) {
  auto result = data::read_products(data_file(path), {});
  if (result.report.rows_rejected > 0) data::log_table(concat("[", verb, "] ", data_file(path).string(), ":"), result.report.table(), true);
  return result;
}

std::string licence_of(const std::vector<data::Product>& products, const fs::path& file) {
  const std::string beside = licence_beside(file), unnamed = beside.empty() ? "see data" : beside;
  std::set<std::string> licences;
  for (const auto& product : products) licences.insert(product.source.licence.empty() ? unnamed : product.source.licence);
  std::string list;
  for (const auto& licence : licences) list += (list.empty() ? "" : ", ") + licence;
  return list;
}

bool is_held_out(const data::Product& product, double share) {
  std::string input;
  for (const auto& attribute : product.attributes) input += attribute.key_raw + "#" + attribute.val_raw + "*";
  return RandomKey(hash64(input, 17)).uniform(0) < share;
}

std::string model_sha256(const fs::path& model_dir) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(model_dir)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".safetensors" || ending == ".json" || ending == ".tsv" || ending == ".txt") hashes[entry.path().filename().string()] = sha256_file(entry.path());
  }
  std::string all;
  for (const auto& [name, hash] : hashes) all += name + " " + hash + "\n";
  return sha256_hex(all);
}

std::string weights_sha256(const fs::path& model_dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(model_dir)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.size() == 1) return sha256_file(files.front());
  std::string hashes;
  for (const auto& file : files) hashes += sha256_file(file);
  return sha256_hex(hashes);
}

}  // namespace vitrine::recipes
