#include "recipes/offered_texts.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "data/text_window.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kMaxLineBytes = size_t{16} << 20;

std::pair<std::string, std::string> split_argument(const std::string& argument) {
  const size_t equals = argument.find('=');
  const bool named =
      equals != std::string::npos && argument.find('/') > equals && argument.find('.') > equals;
  return named ? std::pair(argument.substr(0, equals), argument.substr(equals + 1))
               : std::pair(std::string("description"), argument);
}

Json origin_of(const Json& line, const Json& candidate) {
  Json origin = {{"index", candidate.value("index", 0)},
                 {"origin", candidate.value("origin", line.value("origin", ""))}};
  for (const char* name : {"seed", "model_sha256", "ruleset"}) {
    if (line.contains(name)) origin[name] = line[name];
  }
  return origin;
}

OfferedLine parse_line(const Json& line, const std::string& field, const std::string& where) {
  VITRINE_REQUIRE(line.is_object() && line.contains("id") && line["id"].is_string(), "[export] ",
                  where, ": id: expected a text");
  OfferedLine offered{line["id"].get<std::string>(), field, {}};
  if (line.contains("field") && line["field"].is_string())
    offered.field = line["field"].get<std::string>();
  if (!line.contains("candidates")) {
    VITRINE_REQUIRE(line.contains("text") && line["text"].is_string(), "[export] ", where,
                    ": text: expected a text or candidates");
    offered.offers.push_back({line["text"].get<std::string>(), nullptr});
    return offered;
  }
  VITRINE_REQUIRE(line["candidates"].is_array(), "[export] ", where,
                  ": candidates: expected a list");
  for (const Json& candidate : line["candidates"]) {
    const bool good =
        candidate.is_object() && candidate.contains("text") && candidate["text"].is_string();
    VITRINE_REQUIRE(good, "[export] ", where, ": candidates: expected objects with a text");
    offered.offers.push_back({candidate["text"].get<std::string>(), origin_of(line, candidate)});
  }
  return offered;
}

/// An input from its start to its end.
class SequentialReader : public ByteReader {
 public:
  explicit SequentialReader(const SeekableInput& input) : input_(input) {}
  size_t read(std::span<char> out) override {
    const size_t size = input_.read_at(at_, out);
    at_ += size;
    return size;
  }

 private:
  const SeekableInput& input_;
  uint64_t at_ = 0;
};

}  // namespace

OfferedTexts::OfferedTexts(const std::vector<std::string>& arguments) {
  Sha256 hash;
  for (const std::string& argument : arguments) {
    auto [field, path] = split_argument(argument);
    SeekableInput input(path);
    hash.add(concat(field, "\n"));
    sources_.push_back({std::move(path), std::move(field), std::move(input)});
    index_lines(static_cast<uint32_t>(sources_.size() - 1), hash);
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.id_hash, a.source, a.offset) < std::tie(b.id_hash, b.source, b.offset);
  });
  is_taken_.resize(entries_.size());
  sha256_ = hash.hex();
}

std::string OfferedTexts::path_of(const std::string& argument) {
  return split_argument(argument).second;
}

void OfferedTexts::index_lines(uint32_t source, Sha256& hash) {
  const Source& from = sources_[source];
  SequentialReader bytes(from.input);
  data::TextWindow window(bytes);
  data::LineReader lines(window, kMaxLineBytes);
  for (std::string_view line; lines.next(line);) {
    const std::string where = concat(from.path, " row ", lines.number());
    if (line.size() > kMaxLineBytes)
      throw InvalidInput(
          concat("[export] ", where, ": TOO_LARGE: a line of more than ", kMaxLineBytes, " bytes"));
    hash.add(line);
    hash.add("\n");
    if (lines.is_blank()) continue;
    const OfferedLine offered = parse_line(parse_json(line, where), from.field, where);
    const uint64_t offset =
        window.dropped() + static_cast<uint64_t>(line.data() - window.text().data());
    entries_.push_back({hash64(offered.id), offset, source, static_cast<uint32_t>(line.size())});
  }
}

OfferedLine OfferedTexts::read(const Entry& entry) const {
  const Source& from = sources_[entry.source];
  std::string line(entry.size, '\0');
  size_t filled = 0;
  while (filled < line.size()) {
    const size_t size = from.input.read_at(entry.offset + filled, std::span(line).subspan(filled));
    if (size == 0) throw Corrupt(concat("[export] ", from.path, ": changed while it was read"));
    filled += size;
  }
  const std::string where = concat(from.path, " byte ", entry.offset);
  return parse_line(parse_json(line, where), from.field, where);
}

std::vector<OfferedLine> OfferedTexts::take(std::string_view id) {
  std::vector<OfferedLine> lines;
  const uint64_t hash = hash64(id);
  auto entry = std::lower_bound(entries_.begin(), entries_.end(), hash,
                                [](const Entry& a, uint64_t b) { return a.id_hash < b; });
  for (; entry != entries_.end() && entry->id_hash == hash; ++entry) {
    OfferedLine line = read(*entry);
    if (line.id != id) continue;
    is_taken_[static_cast<size_t>(entry - entries_.begin())] = true;
    lines.push_back(std::move(line));
  }
  return lines;
}

size_t OfferedTexts::num_left() const {
  return static_cast<size_t>(std::count(is_taken_.begin(), is_taken_.end(), false));
}

void OfferedTexts::for_each_left(const std::function<void(const OfferedLine&)>& visit) const {
  std::vector<Entry> left;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!is_taken_[i]) left.push_back(entries_[i]);
  }
  std::sort(left.begin(), left.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.source, a.offset) < std::tie(b.source, b.offset);
  });
  for (const Entry& entry : left) visit(read(entry));
}

}  // namespace vitrine::recipes
