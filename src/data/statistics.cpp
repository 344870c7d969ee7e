#include "data/statistics.h"

#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kHeader = "category\tkey\tvalue\tdf\tn";

double smoothed_idf(int64_t n, int64_t df) { return std::log(static_cast<double>(n + 1) / static_cast<double>(df + 1)) + 1; }

std::string escape(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\\') out += "\\\\";
    else out += c;
  }
  return out;
}

std::string unescape(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\' || i + 1 == name.size()) {
      out += name[i];
      continue;
    }
    const char c = name[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(separator, begin), line.size());
    parts.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

int64_t parse_count(std::string_view text, std::string_view where, int64_t row) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    throw Corrupt(concat("[AttributeStatistics] ", where, " row ", row, ": expected a count >= 0, got \"", text, "\""));
  }
  return value;
}

template <typename Map, typename Key>
int64_t count_of(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

}  // namespace

void AttributeStatistics::count(const PairKey& pair, int64_t df) {
  df_[pair] += df;
  df_any_[{std::get<1>(pair), std::get<2>(pair)}] += df;
}

void AttributeStatistics::add(const Product& product) {
  const std::string category = category_of(product);
  ++n_[category];
  ++n_any_;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Attribute& a : product.attributes) {
    if (seen.emplace(a.key, a.val).second) count({category, a.key, a.val}, 1);
  }
}

int64_t AttributeStatistics::df(std::string_view category, std::string_view key, std::string_view value) const {
  return count_of(df_, std::tuple(category, key, value));
}

int64_t AttributeStatistics::n(std::string_view category) const { return count_of(n_, category); }

int64_t AttributeStatistics::df_any(std::string_view key, std::string_view value) const {
  return count_of(df_any_, std::tuple(key, value));
}

double AttributeStatistics::idf(std::string_view category, std::string_view key, std::string_view value) const {
  return smoothed_idf(n(category), df(category, key, value));
}

std::string AttributeStatistics::to_tsv() const {
  std::string out = std::string(kHeader) + "\n";
  for (const auto& [pair, df] : df_) {
    const auto& [category, key, value] = pair;
    out += concat(escape(category), "\t", escape(key), "\t", escape(value), "\t", df, "\t", n(category), "\n");
  }
  return out;
}

void AttributeStatistics::save(const std::filesystem::path& path) const { write_file_atomic(path, to_tsv()); }

AttributeStatistics AttributeStatistics::load(const std::filesystem::path& path) {
  return from_tsv(read_file(path), path.string());
}

AttributeStatistics AttributeStatistics::from_tsv(std::string_view tsv, std::string_view where) {
  AttributeStatistics statistics;
  int64_t row = 0;
  for (std::string_view line : split(tsv, '\n')) {
    ++row;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (row == 1) {
      if (line != kHeader) throw Corrupt(concat("[AttributeStatistics] ", where, ": NO_HEADER, got \"", line.substr(0, 80), "\""));
      continue;
    }
    if (line.empty()) continue;
    const auto cells = split(line, '\t');
    if (cells.size() != 5) throw Corrupt(concat("[AttributeStatistics] ", where, " row ", row, ": expected 5 columns, got ", cells.size()));
    const std::string category = unescape(cells[0]);
    statistics.count({category, unescape(cells[1]), unescape(cells[2])}, parse_count(cells[3], where, row));
    statistics.n_[category] = parse_count(cells[4], where, row);
  }
  for (const auto& [category, n] : statistics.n_) statistics.n_any_ += n;
  return statistics;
}

}  // namespace vitrine::data
