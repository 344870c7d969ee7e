#include "text/segment.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"
#include "base/resource.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr double kNever = -3.14e100;                      // log probability of what the model has not seen
enum Place : size_t { kBegin, kEnd, kMiddle, kSingle };  // in the order of the letters B E M S, which breaks ties
constexpr size_t kPlaces = 4;
using Row = std::array<double, kPlaces>;

/// A gzip file, or a plain one as it is.
std::string read_gzip(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) throw NotFound(concat("[Segmenter] no such file: ", path.string()));
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), &gzclose);
  if (file == nullptr) throw IoError(concat("[Segmenter] cannot open ", path.string()));
  std::string bytes;
  char buffer[1 << 16];
  int got = 0;
  while ((got = gzread(file.get(), buffer, sizeof buffer)) > 0) bytes.append(buffer, static_cast<size_t>(got));
  if (got < 0) throw Corrupt(concat("[Segmenter] broken gzip data: ", path.string()));
  return bytes;
}

/// Calls line(fields, number) for each line, cut at single spaces.
template <typename Line>
void for_each_line(const std::filesystem::path& path, const Line& line) {
  const std::string bytes = read_gzip(path);
  size_t number = 0;
  std::vector<std::string_view> fields;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    fields.clear();
    for (size_t from = at; from <= end;) {
      const size_t to = std::min(bytes.find(' ', from), end);
      fields.emplace_back(bytes.data() + from, to - from);
      from = to + 1;
    }
    if (!line(fields)) throw Corrupt(concat("[Segmenter] ", path.string(), " line ", number + 1, ": ", std::string_view(bytes).substr(at, end - at)));
    at = end + 1;
    ++number;
  }
}

template <typename Number>
bool parse_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_ascii_alnum(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9'); }
bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_han(char32_t c) { return c >= 0x4E00 && c <= 0x9FD5; }  // jieba's own range
bool is_word_character(char32_t c) { return is_han(c) || is_ascii_alnum(c) || (c != 0 && c < 0x80 && std::u32string_view(U"+#&._%-").find(c) != std::u32string_view::npos); }

template <typename Predicate>
size_t run_end(std::u32string_view text, size_t from, const Predicate& belongs) {
  while (from < text.size() && belongs(text[from])) ++from;
  return from;
}

/// End of `letters digits [. digits] [%]` at `from`; `from` when none starts there.
size_t number_or_name_end(std::u32string_view text, size_t from) {
  size_t end = run_end(text, from, is_ascii_alnum);
  if (end == from) return from;
  if (end + 1 < text.size() && text[end] == U'.' && is_digit(text[end + 1])) end = run_end(text, end + 1, is_digit);
  return end < text.size() && text[end] == U'%' ? end + 1 : end;
}

}  // namespace

struct Segmenter::Tables {
  /// Key of a word is built character by character, so that prefixes are walked without new strings.
  /// 64 bits for about 500,000 prefixes: no two collide in the shipped dictionary (a test loads it).
  static uint64_t extend(uint64_t key, char32_t c) { return mix64(key * 0x9e3779b97f4a7c15ULL + c + 1); }

  std::unordered_map<uint64_t, int64_t> frequency;  // words and, with 0, their prefixes
  double log_total = 0;
  Row start{};
  std::array<Row, kPlaces> transition{};  // from, to
  std::unordered_map<char32_t, Row> emission;

  void add_word(std::u32string_view word, int64_t count) {
    uint64_t key = 0;
    for (const char32_t c : word) frequency.try_emplace(key = extend(key, c), 0);
    frequency[key] = count;
  }
  int64_t count_of(std::u32string_view word) const {
    uint64_t key = 0;
    for (const char32_t c : word) key = extend(key, c);
    const auto found = frequency.find(key);
    return found == frequency.end() ? 0 : found->second;
  }
  const Row& emissions_of(char32_t c) const {
    static constexpr Row kUnseen = {kNever, kNever, kNever, kNever};
    const auto found = emission.find(c);
    return found == emission.end() ? kUnseen : found->second;
  }

  void load_dictionary(const std::filesystem::path& path);
  void load_hmm(const std::filesystem::path& path);
  bool hmm_line(const std::vector<std::string_view>& fields);

  std::vector<size_t> best_ends(std::u32string_view block) const;
  std::vector<Place> best_places(std::u32string_view han) const;
  void cut_han_by_hmm(std::u32string_view han, std::vector<std::u32string_view>& words) const;
  void cut_by_hmm(std::u32string_view run, std::vector<std::u32string_view>& words) const;
  void cut_singles(std::u32string_view run, std::vector<std::u32string_view>& words) const;
  void cut_block(std::u32string_view block, std::vector<std::u32string_view>& words) const;
};

void Segmenter::Tables::load_dictionary(const std::filesystem::path& path) {
  frequency.reserve(600'000);
  int64_t total = 0;
  for_each_line(path, [&](const std::vector<std::string_view>& fields) {
    int64_t count = 0;
    if (fields.size() < 2 || !parse_number(fields[1], count) || count < 0) return false;
    add_word(to_utf32(fields[0]), count);
    total += count;
    return true;
  });
  if (total == 0) throw Corrupt(concat("[Segmenter] ", path.string(), ": no words"));
  log_total = std::log(static_cast<double>(total));
}

bool Segmenter::Tables::hmm_line(const std::vector<std::string_view>& fields) {
  const auto place = [](std::string_view name) { return name.size() == 1 ? std::string_view("BEMS").find(name) : std::string_view::npos; };
  double value = 0;
  if (fields.size() < 3 || place(fields[1]) >= kPlaces || !parse_number(fields.back(), value)) return false;
  if (fields[0] == "start" && fields.size() == 3) {
    start[place(fields[1])] = value;
  } else if (fields[0] == "trans" && fields.size() == 4 && place(fields[2]) < kPlaces) {
    transition[place(fields[1])][place(fields[2])] = value;
  } else if (fields[0] == "emit" && fields.size() == 4 && count_code_points(fields[2]) == 1) {
    emission.try_emplace(to_utf32(fields[2])[0], Row{kNever, kNever, kNever, kNever}).first->second[place(fields[1])] = value;
  } else {
    return false;
  }
  return true;
}

void Segmenter::Tables::load_hmm(const std::filesystem::path& path) {
  start.fill(kNever);
  for (Row& row : transition) row.fill(kNever);
  for_each_line(path, [&](const std::vector<std::string_view>& fields) { return hmm_line(fields); });
}

/// For each character: the end of the word that starts there on the most probable way to the end of the block.
std::vector<size_t> Segmenter::Tables::best_ends(std::u32string_view block) const {
  std::vector<double> best(block.size() + 1, 0.0);
  std::vector<size_t> ends(block.size(), 0);
  for (size_t from = block.size(); from-- > 0;) {
    best[from] = -std::numeric_limits<double>::infinity();
    uint64_t key = 0;
    for (size_t to = from; to < block.size(); ++to) {
      const auto found = frequency.find(key = extend(key, block[to]));
      if (found == frequency.end()) break;
      if (found->second == 0) continue;
      const double value = std::log(static_cast<double>(found->second)) - log_total + best[to + 1];
      if (value >= best[from]) best[from] = value, ends[from] = to + 1;  // on ties the longer word
    }
    if (ends[from] == 0) best[from] = -log_total + best[from + 1], ends[from] = from + 1;
  }
  return ends;
}

/// Viterbi: Rabiner 1989, equations 32 to 35, in logarithms.
std::vector<Place> Segmenter::Tables::best_places(std::u32string_view han) const {
  static constexpr Place kBefore[kPlaces][2] = {{kEnd, kSingle}, {kBegin, kMiddle}, {kBegin, kMiddle}, {kEnd, kSingle}};
  std::vector<Row> value(han.size());
  std::vector<std::array<Place, kPlaces>> came_from(han.size());
  for (size_t place = 0; place < kPlaces; ++place) value[0][place] = start[place] + emissions_of(han[0])[place];
  for (size_t t = 1; t < han.size(); ++t) {
    const Row& emitted = emissions_of(han[t]);
    for (size_t place = 0; place < kPlaces; ++place) {
      const auto [low, high] = kBefore[place];
      const double from_low = value[t - 1][low] + transition[low][place] + emitted[place];
      const double from_high = value[t - 1][high] + transition[high][place] + emitted[place];
      came_from[t][place] = from_high >= from_low ? high : low;
      value[t][place] = std::max(from_low, from_high);
    }
  }
  std::vector<Place> places(han.size());
  places.back() = value.back()[kSingle] >= value.back()[kEnd] ? kSingle : kEnd;
  for (size_t t = han.size() - 1; t > 0; --t) places[t - 1] = came_from[t][places[t]];
  return places;
}

void Segmenter::Tables::cut_han_by_hmm(std::u32string_view han, std::vector<std::u32string_view>& words) const {
  const auto places = best_places(han);
  size_t begin = 0;
  for (size_t t = 0; t < han.size(); ++t) {
    if (places[t] != kEnd && places[t] != kSingle && t + 1 < han.size()) continue;
    words.push_back(han.substr(begin, t + 1 - begin));
    begin = t + 1;
  }
}

void Segmenter::Tables::cut_by_hmm(std::u32string_view run, std::vector<std::u32string_view>& words) const {
  for (size_t at = 0; at < run.size();) {
    size_t end = run_end(run, at, is_han);
    if (end > at) {
      cut_han_by_hmm(run.substr(at, end - at), words);
    } else {
      end = number_or_name_end(run, at);
      if (end == at) end = run_end(run, at, [](char32_t c) { return !is_han(c) && !is_ascii_alnum(c); });
      words.push_back(run.substr(at, end - at));
    }
    at = end;
  }
}

/// A run of characters that the dictionary left single.
void Segmenter::Tables::cut_singles(std::u32string_view run, std::vector<std::u32string_view>& words) const {
  if (run.size() > 1 && count_of(run) == 0) return cut_by_hmm(run, words);
  for (size_t i = 0; i < run.size(); ++i) words.push_back(run.substr(i, 1));
}

void Segmenter::Tables::cut_block(std::u32string_view block, std::vector<std::u32string_view>& words) const {
  const auto ends = best_ends(block);
  size_t singles = 0;  // start of the run of single characters before `at`
  for (size_t at = 0; at < block.size(); at = ends[at]) {
    if (ends[at] == at + 1) continue;
    cut_singles(block.substr(singles, at - singles), words);
    words.push_back(block.substr(at, ends[at] - at));
    singles = ends[at];
  }
  cut_singles(block.substr(singles), words);
}

Segmenter::Segmenter(const std::filesystem::path& dictionary, const std::filesystem::path& hmm) : tables_(std::make_unique<Tables>()) {
  tables_->load_dictionary(dictionary);
  tables_->load_hmm(hmm);
}
Segmenter::~Segmenter() = default;
Segmenter::Segmenter(Segmenter&&) noexcept = default;
Segmenter& Segmenter::operator=(Segmenter&&) noexcept = default;

std::vector<std::u32string_view> Segmenter::cut(std::u32string_view text) const {
  std::vector<std::u32string_view> words;
  for (size_t at = 0; at < text.size();) {
    size_t end = run_end(text, at, is_word_character);
    if (end > at) {
      tables_->cut_block(text.substr(at, end - at), words);
    } else {
      end = at + (text.substr(at, 2) == U"\r\n" ? 2 : 1);
      words.push_back(text.substr(at, end - at));
    }
    at = end;
  }
  return words;
}

std::vector<std::string> Segmenter::cut(std::string_view utf8) const {
  const std::u32string code_points = to_utf32(utf8);
  std::vector<std::string> words;
  for (const auto word : cut(std::u32string_view(code_points))) words.push_back(to_utf8(word));
  return words;
}

const Segmenter& default_segmenter() {
  static const Segmenter segmenter(resource_path("third_party/jieba/dict.txt.gz"), resource_path("third_party/jieba/hmm.txt.gz"));
  return segmenter;
}

}  // namespace vitrine::text
