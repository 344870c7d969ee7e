// The shipped AdvertiseGen rows as products, read once for a test program.
#pragma once
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "data/advertisegen.h"
#include "data/statistics.h"

namespace vitrine::copywriting {

inline std::vector<data::Product> read_rows(const std::string& name) {
  std::istringstream lines(read_file(std::string(VITRINE_SOURCE_DIR "/data/advertisegen/") + name));
  std::vector<data::Product> products;
  for (std::string line; std::getline(lines, line);) {
    const Json row = parse_json(line, name);
    products.push_back(data::product_from_content(row["content"].get<std::string>()));
    products.back().summary = row["summary"].get<std::string>();
  }
  return products;
}

inline const std::vector<data::Product>& dev_set() {
  static const auto products = read_rows("dev.jsonl");
  return products;
}

inline const std::vector<data::Product>& train_set() {
  static const auto products = read_rows("train.jsonl");
  return products;
}

inline const data::AttributeStatistics& train_statistics() {
  static const auto statistics = [] {
    data::AttributeStatistics counts;
    for (const data::Product& p : train_set()) counts.add(p);
    return counts;
  }();
  return statistics;
}

}  // namespace vitrine::copywriting
