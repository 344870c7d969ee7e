#include "recipes/offered_texts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/columns.h"
#include "data/table_file.h"
#include "data/text_window.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kMaxLineBytes = size_t{16} << 20;
constexpr size_t kMostWarnings = 20;  // of a file, that are named one by one

std::pair<std::string, std::string> split_argument(const std::string& argument) {
  const size_t equals = argument.find('=');
  const bool named =
      equals != std::string::npos && argument.find('/') > equals && argument.find('.') > equals;
  return named ? std::pair(argument.substr(0, equals), argument.substr(equals + 1))
               : std::pair(std::string("description"), argument);
}

/// A text as it may leave: as import keeps one, and without U+FFFE and U+FFFF, which no XML may
/// hold. `removed`: when a sign was taken out.
std::string as_it_may_leave(std::string_view text, bool& removed) {
  std::string out = data::without_controls(text, removed);
  for (const std::string_view sign : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (size_t at = 0; (at = out.find(sign, at)) != std::string::npos; removed = true)
      out.erase(at, sign.size());
  }
  return out;
}

/// Throws InvalidInput naming the place and the value.
[[noreturn]] void refuse(std::string_view where, std::string_view name, std::string_view expected,
                         const Json& value) {
  throw InvalidInput(
      concat("[export] ", where, ": ", name, ": expected ", expected, ", got ", dump_line(value)));
}

/// A member that is a text, "" when it is not there.
std::string text_member(const Json& json, const char* name, std::string_view where) {
  if (!json.contains(name)) return "";
  if (!json[name].is_string()) refuse(where, name, "a text", json[name]);
  return json[name].get<std::string>();
}

/// One line of a file as it is read.
class LineParser {
 public:
  /// `warn` gets what was changed or passed over.
  LineParser(const Json& line, const std::string& field, std::string where,
             std::function<void(std::string)> warn)
      : line_(line), where_(std::move(where)), warn_(std::move(warn)) {
    if (!line.is_object()) refuse(where_, "line", "an object", line);
    if (!line.contains("id")) refuse(where_, "id", "a text", nullptr);
    offered_.id = text_member(line, "id", where_);
    offered_.field = line.contains("field") ? text_member(line, "field", where_) : field;
    if (offered_.field.empty()) refuse(where_, "field", "the name of a field", "");
    where_ += concat(" field ", offered_.field);
  }

  OfferedLine parse() {
    if (!line_.contains("candidates")) {
      if (!line_.contains("text")) refuse(where_, "text", "a text or candidates", nullptr);
      offer("text", text_member(line_, "text", where_), nullptr);
      return std::move(offered_);
    }
    const Json& candidates = line_["candidates"];
    if (!candidates.is_array()) refuse(where_, "candidates", "a list", candidates);
    for (size_t i = 0; i < candidates.size(); ++i) {
      const Json& candidate = candidates[i];
      const bool good = candidate.is_object() && candidate.contains("text");
      if (!good) refuse(where_, "candidates", "objects with a text", candidate);
      const std::string name = concat("candidates[", i, "]");
      offer(name + ".text", text_member(candidate, "text", concat(where_, " ", name)),
            origin_of(candidate, i, concat(where_, " ", name)));
    }
    return std::move(offered_);
  }

 private:
  Json origin_of(const Json& candidate, size_t place, const std::string& where) const {
    const Json index = candidate.value("index", Json(place));
    if (!index.is_number_integer()) refuse(where, "index", "an integer", index);
    Json origin = {{"index", index},
                   {"origin", candidate.contains("origin") ? text_member(candidate, "origin", where)
                                                           : text_member(line_, "origin", where_)}};
    for (const char* name : {"seed", "model_sha256", "ruleset"}) {
      if (line_.contains(name)) origin[name] = line_[name];
    }
    return origin;
  }

  void offer(const std::string& name, const std::string& text, Json origin) {
    bool removed = false;
    std::string clean = as_it_may_leave(text, removed);
    if (removed) warn_(concat(where_, ": ", name, ": CTRL_REMOVED: ", dump_line(Json(clean))));
    if (data::trim_space(clean).empty()) {
      warn_(concat(where_, ": ", name, ": nothing that can be seen, passed over: ",
                   dump_line(Json(text))));
      return;
    }
    offered_.offers.push_back({std::move(clean), std::move(origin)});
  }

  const Json& line_;
  std::string where_;
  std::function<void(std::string)> warn_;
  OfferedLine offered_;
};

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
  size_t num_warnings = 0, num_lines = 0;
  for (std::string_view line; lines.next(line);) {
    const std::string where = concat(from.path, " row ", lines.number());
    if (line.size() > kMaxLineBytes)
      throw InvalidInput(
          concat("[export] ", where, ": TOO_LARGE: a line of more than ", kMaxLineBytes, " bytes"));
    hash.add(line);
    hash.add("\n");
    if (lines.is_blank()) continue;
    const Json json = parse_json(line, where);
    const OfferedLine offered = LineParser(json, from.field, where, [&](std::string what) {
                                  if (++num_warnings <= kMostWarnings) log_warn("[export] ", what);
                                }).parse();
    const uint64_t offset =
        window.dropped() + static_cast<uint64_t>(line.data() - window.text().data());
    entries_.push_back({hash64(offered.id), offset, source, static_cast<uint32_t>(line.size())});
    ++num_lines;
  }
  if (num_lines == 0) log_warn("[export] --texts: ", from.path, ": holds no text");
  if (num_warnings > kMostWarnings)
    log_warn("[export] ", from.path, ": ", num_warnings - kMostWarnings, " more of these");
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
  const Json json = parse_json(line, where);
  return LineParser(json, from.field, where, [](const std::string&) {}).parse();
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
