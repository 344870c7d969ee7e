#include "eval/tagger_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kNone;
}

HitCounts& operator+=(HitCounts& sum, const HitCounts& more) {
  sum.right += more.right;
  sum.said += more.said;
  sum.labelled += more.labelled;
  return sum;
}

/// One sentence's things, as sets that can be compared: (begin, end, key), or (begin, end, value
/// of the attribute named): two attributes of one value say the same.
using Hits = std::set<std::tuple<size_t, size_t, std::string>>;

HitCounts counts_of(const Hits& said, const Hits& labelled) {
  HitCounts counts{0, static_cast<int64_t>(said.size()), static_cast<int64_t>(labelled.size())};
  for (const auto& hit : said) counts.right += labelled.contains(hit) ? 1 : 0;
  return counts;
}

/// Counts of every sentence, then their sum with intervals.
class ScoreBuilder {
 public:
  void add(const Hits& said, const Hits& labelled) { rows_.push_back(counts_of(said, labelled)); }

  HitScore finish(const Bootstrap& bootstrap) const {
    HitScore score;
    for (const auto& row : rows_) score.counts += row;
    const auto interval = [&](double (HitCounts::*value)() const) {
      return bootstrap.of([&](std::span<const uint32_t> drawn) {
        HitCounts sum;
        for (const uint32_t i : drawn) sum += rows_[i];
        return (sum.*value)();
      });
    };
    score.precision = interval(&HitCounts::precision);
    score.recall = interval(&HitCounts::recall);
    score.f1 = interval(&HitCounts::f1);
    return score;
  }

 private:
  std::vector<HitCounts> rows_;
};

/// The things of one sentence, split by how they are spelled.
class SentenceHits {
 public:
  explicit SentenceHits(const TaggerSentence& sentence)
      : sentence_(sentence), text_(text::to_utf32(sentence.text)) {}

  enum class Kind { all, literal, other };

  Hits spans(std::span<const TaggerSpanLabel> spans, Kind kind, bool with_key = true) const {
    Hits hits;
    for (const auto& span : spans) {
      const std::string spelled = spelling(span);
      const bool literal =
          std::any_of(sentence_.attributes.begin(), sentence_.attributes.end(),
                      [&](const auto& attribute) { return attribute.val == spelled; });
      if (is_of(kind, literal)) hits.emplace(span.begin, span.end, with_key ? span.key : "");
    }
    return hits;
  }

  /// named: for each labelled span the attribute; nothing = none.
  Hits evidence(std::span<const std::optional<size_t>> named, Kind kind) const {
    Hits hits;
    for (size_t i = 0; i < named.size(); ++i) {
      if (!named[i]) continue;
      const auto& span = sentence_.spans[i];
      const std::string& val = sentence_.attributes[*named[i]].val;
      if (is_of(kind, val == spelling(span))) hits.emplace(span.begin, span.end, val);
    }
    return hits;
  }

 private:
  static bool is_of(Kind kind, bool literal) {
    return kind == Kind::all || (kind == Kind::literal) == literal;
  }
  std::string spelling(const TaggerSpanLabel& span) const {
    return text::to_utf8(std::u32string_view(text_).substr(span.begin, span.end - span.begin));
  }

  const TaggerSentence& sentence_;
  std::u32string text_;
};

const Json& field(const Json& json, const char* name, const std::string& where) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  if (!json.is_object() || found == json.end()) {
    throw Corrupt(concat("[read_tagger_sentences] ", where, ": ", name, " is missing"));
  }
  return *found;
}

std::string string_field(const Json& json, const char* name, const std::string& where) {
  const Json& value = field(json, name, where);
  if (value.is_string()) return value.get<std::string>();
  throw Corrupt(concat("[read_tagger_sentences] ", where, ": ", name, ": expected a text, got ",
                       dump_line(value).substr(0, 80)));
}

size_t offset_field(const Json& json, const char* name, size_t limit, const std::string& where) {
  const Json& value = field(json, name, where);
  const auto offset = value.is_number_integer() ? value.get<int64_t>() : -1;
  if (offset >= 0 && static_cast<size_t>(offset) <= limit) return static_cast<size_t>(offset);
  throw Corrupt(concat("[read_tagger_sentences] ", where, ": ", name, ": expected 0 to ", limit,
                       ", got ", dump_line(value).substr(0, 80)));
}

const Json& list_field(const Json& json, const char* name, const std::string& where) {
  const Json& value = field(json, name, where);
  if (value.is_array()) return value;
  throw Corrupt(concat("[read_tagger_sentences] ", where, ": ", name, ": expected a list"));
}

std::optional<size_t> attribute_of(const Json& span, const TaggerSentence& sentence,
                                   const std::string& where) {
  if (!span.contains("attr") || span["attr"].is_null()) return std::nullopt;
  const std::string id = string_field(span, "attr", where);
  for (size_t i = 0; i < sentence.attributes.size(); ++i) {
    if (sentence.attributes[i].id == id) return i;
  }
  throw Corrupt(concat("[read_tagger_sentences] ", where, ": attr: no attribute has the id ", id));
}

TaggerSentence sentence_of(const Json& json, const std::string& where) {
  TaggerSentence sentence{string_field(json, "id", where), string_field(json, "text", where), {}, {}};
  for (const Json& attribute : list_field(json, "attributes", where)) {
    sentence.attributes.push_back({string_field(attribute, "id", where),
                                   string_field(attribute, "key", where),
                                   string_field(attribute, "val", where)});
  }
  const size_t length = text::count_code_points(sentence.text);
  for (const Json& span : list_field(json, "spans", where)) {
    TaggerSpanLabel label{offset_field(span, "begin", length, where),
                          offset_field(span, "end", length, where),
                          string_field(span, "key", where), attribute_of(span, sentence, where)};
    if (label.begin >= label.end) {
      throw Corrupt(concat("[read_tagger_sentences] ", where, ": a span from ", label.begin, " to ",
                           label.end));
    }
    sentence.spans.push_back(std::move(label));
  }
  return sentence;
}

Json value_json(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

Json interval_json(double value, const Interval& interval) {
  return {{"value", value_json(value)},
          {"low", value_json(interval.low)},
          {"high", value_json(interval.high)}};
}

Json counts_json(const HitCounts& counts) {
  return {{"right", counts.right}, {"said", counts.said}, {"labelled", counts.labelled}};
}

Json score_json(const HitScore& score) {
  return {{"precision", interval_json(score.counts.precision(), score.precision)},
          {"recall", interval_json(score.counts.recall(), score.recall)},
          {"f1", interval_json(score.counts.f1(), score.f1)},
          {"counts", counts_json(score.counts)}};
}

using NamedScore = std::pair<const char*, const HitScore*>;

std::vector<NamedScore> named_scores(const TaggerScores& scores) {
  return {{"spans", &scores.spans},
          {"spans_literal", &scores.literal_spans},
          {"spans_non_literal", &scores.other_spans},
          {"spans_any_key", &scores.exact_spans},
          {"evidence", &scores.evidence},
          {"evidence_literal", &scores.literal_evidence},
          {"evidence_non_literal", &scores.other_evidence}};
}

std::string cell(double value, const Interval& interval) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f (%.3f-%.3f)", value, interval.low, interval.high);
  return text;
}

}  // namespace

double HitCounts::precision() const { return ratio(right, said); }
double HitCounts::recall() const { return ratio(right, labelled); }
double HitCounts::f1() const { return ratio(2 * right, said + labelled); }

std::vector<TaggerSentence> read_tagger_sentences(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::vector<TaggerSentence> sentences;
  int64_t line_number = 0;
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string line = bytes.substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (line.empty()) continue;
    const std::string where = concat(path.string(), " line ", line_number);
    sentences.push_back(sentence_of(parse_json(line, where), where));
  }
  return sentences;
}

TaggerScores score_tagger(std::span<const TaggerSentence> sentences,
                          std::span<const TaggerPrediction> predictions,
                          const BootstrapConfig& config) {
  VITRINE_REQUIRE(sentences.size() == predictions.size(), "[score_tagger] ", sentences.size(),
                  " sentences, ", predictions.size(), " predictions");
  using Kind = SentenceHits::Kind;
  ScoreBuilder spans, literal_spans, other_spans, exact, evidence, literal_evidence, other_evidence;
  TaggerScores scores;
  std::vector<uint32_t> groups;
  for (size_t i = 0; i < sentences.size(); ++i) {
    const auto& sentence = sentences[i];
    const auto& said = predictions[i];
    VITRINE_REQUIRE(said.named.size() == sentence.spans.size(), "[score_tagger] sentence ",
                    sentence.id, ": ", sentence.spans.size(), " labelled spans, ",
                    said.named.size(), " answers");
    const SentenceHits hits(sentence);
    std::vector<std::optional<size_t>> labelled;
    for (const auto& span : sentence.spans) labelled.push_back(span.attribute_idx);
    const auto add = [&](ScoreBuilder& span_score, ScoreBuilder& evidence_score, Kind kind) {
      span_score.add(hits.spans(said.spans, kind), hits.spans(sentence.spans, kind));
      evidence_score.add(hits.evidence(said.named, kind), hits.evidence(labelled, kind));
    };
    add(spans, evidence, Kind::all);
    add(literal_spans, literal_evidence, Kind::literal);
    add(other_spans, other_evidence, Kind::other);
    exact.add(hits.spans(said.spans, Kind::all, false), hits.spans(sentence.spans, Kind::all, false));
    const Hits labelled_spans = hits.spans(sentence.spans, Kind::all);
    for (const auto& hit : hits.spans(said.spans, Kind::all)) {
      HitCounts& counts = scores.by_key[std::get<2>(hit)];
      ++counts.said;
      counts.right += labelled_spans.contains(hit) ? 1 : 0;
    }
    for (const auto& hit : labelled_spans) ++scores.by_key[std::get<2>(hit)].labelled;
    groups.push_back(static_cast<uint32_t>(i));
  }
  const Bootstrap bootstrap(groups, config);
  scores.num_sentences = sentences.size();
  scores.spans = spans.finish(bootstrap);
  scores.literal_spans = literal_spans.finish(bootstrap);
  scores.other_spans = other_spans.finish(bootstrap);
  scores.exact_spans = exact.finish(bootstrap);
  scores.evidence = evidence.finish(bootstrap);
  scores.literal_evidence = literal_evidence.finish(bootstrap);
  scores.other_evidence = other_evidence.finish(bootstrap);
  return scores;
}

Json to_json(const TaggerScores& scores) {
  Json json{{"sentences", scores.num_sentences}};
  for (const auto& [name, score] : named_scores(scores)) json[name] = score_json(*score);
  Json by_key = Json::object();
  for (const auto& [key, counts] : scores.by_key) {
    by_key[key] = counts_json(counts);
    by_key[key]["precision"] = value_json(counts.precision());
    by_key[key]["recall"] = value_json(counts.recall());
    by_key[key]["f1"] = value_json(counts.f1());
  }
  json["spans_by_key"] = std::move(by_key);
  return json;
}

std::string table_of(const TaggerScores& scores) {
  std::string table = concat(scores.num_sentences, " texts; 95 % intervals over texts\n");
  for (const auto& [name, score] : named_scores(scores)) {
    char line[256];
    std::snprintf(line, sizeof line, "%-22s P %s  R %s  F1 %s  right %lld said %lld labelled %lld\n",
                  name, cell(score->counts.precision(), score->precision).c_str(),
                  cell(score->counts.recall(), score->recall).c_str(),
                  cell(score->counts.f1(), score->f1).c_str(),
                  static_cast<long long>(score->counts.right),
                  static_cast<long long>(score->counts.said),
                  static_cast<long long>(score->counts.labelled));
    table += line;
  }
  return table;
}

}  // namespace vitrine::eval
