#include "recipes/score_rows.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/import_report.h"
#include "models/weights.h"

namespace vitrine::recipes {
namespace {

/// Ids can be scored without a tokenizer; why there is none is told when a text comes.
std::unique_ptr<text::Tokenizer> load_tokenizer_if_any(const std::filesystem::path& model_dir,
                                                       std::string& why_not) {
  try {
    return text::load_tokenizer(model_dir);
  } catch (const NotFound& e) {
    why_not = e.what();
    return nullptr;
  }
}

/// The field as T; throws InvalidInput, naming row, field and value.
template <typename T>
T field(const Json& row, const char* name, const char* expected, const std::string& where) {
  const auto found = row.find(name);
  VITRINE_REQUIRE(found != row.end(), where, ": ", name, ": missing");
  try {
    return found->template get<T>();
  } catch (const Json::exception&) {
    throw InvalidInput(concat(where, ": ", name, ": expected ", expected, ", got ",
                              dump_line(*found).substr(0, 80)));
  }
}

std::vector<int32_t> ids_of(const Json& row, const std::string& where) {
  const auto wide = field<std::vector<int64_t>>(row, "input_ids", "a list of token ids", where);
  const Json& list = row["input_ids"];
  const bool integers =
      std::all_of(list.begin(), list.end(), [](const Json& id) { return id.is_number_integer(); });
  VITRINE_REQUIRE(integers, where, ": input_ids: expected integers");
  std::vector<int32_t> ids;
  for (const int64_t id : wide) {
    VITRINE_REQUIRE(id >= 0 && id <= INT32_MAX, where, ": input_ids: ", id, " is not a token id");
    ids.push_back(static_cast<int32_t>(id));
  }
  return ids;
}

size_t labels_from_of(const Json& row, size_t num_ids, const std::string& where) {
  const auto labels_from = field<int64_t>(row, "labels_from", "an index", where);
  const bool inside = labels_from >= 0 && labels_from <= static_cast<int64_t>(num_ids);
  VITRINE_REQUIRE(row["labels_from"].is_number_integer() && inside, where,
                  ": labels_from: expected 0 to ", num_ids, ", got ",
                  dump_line(row["labels_from"]));
  return static_cast<size_t>(labels_from);
}

/// Scored lines go to `output`, faults to `report`.
class Lines {
 public:
  Lines(std::string_view verb, const ScoreRun& run, LineScorer& scorer)
      : verb_(verb), run_(run), scorer_(scorer), output_(run.output.empty() ? "-" : run.output) {}

  void score_all(std::string_view bytes) {
    const auto num_lines = std::count(bytes.begin(), bytes.end(), '\n');
    Progress progress("score", static_cast<uint64_t>(num_lines), "rows");
    if (bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      throw Corrupt(concat("[", verb_, "] ", run_.input, ": EMPTY_FILE: no rows"));
    }
    for (size_t at = 0, number = 1; at < bytes.size(); ++number) {
      throw_if_interrupted("nothing was written");
      const size_t end = std::min(bytes.find('\n', at), bytes.size());
      const std::string_view line = bytes.substr(at, end - at);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
        score_one(line, static_cast<int64_t>(number));
      }
      at = end + 1;
      progress.advance();
    }
    write(scorer_.finish());
    output_.commit();
    if (!run_.rejects.empty()) write_output(run_.rejects, report_.to_jsonl());
  }
  bool all_scored() const { return report_.rows_rejected == 0; }

 private:
  void score_one(std::string_view line, int64_t number) {
    const std::string where = concat(run_.input, " row ", number);
    try {
      write(scorer_.take(parse_json(line, where), number, where));
    } catch (const InvalidInput& e) {
      reject(number, "BAD_ROW", e.what());
    } catch (const Corrupt& e) {  // the line is not JSON
      reject(number, "NOT_JSON", e.what());
    }
  }

  void write(const std::vector<Json>& scored) {
    for (const Json& line : scored) output_.write(dump_line(line) + "\n");
  }

  void reject(int64_t number, const char* code, const std::string& message) {
    log_warn("[", verb_, "] ", message);
    report_.add({run_.input, number, "", code, data::Severity::reject, message});
    ++report_.rows_rejected;
  }

  std::string_view verb_;
  const ScoreRun& run_;
  LineScorer& scorer_;
  OutputFile output_;
  data::ImportReport report_;
};

}  // namespace

RowTokenizer::RowTokenizer(const std::filesystem::path& model_dir, int64_t vocab_size,
                           std::string_view verb, Labels labels)
    : labels_(labels),
      tokenizer_(load_tokenizer_if_any(model_dir, why_no_tokenizer_)) {
  if (tokenizer_ == nullptr) return;
  if (models::is_padded_vocabulary(vocab_size, tokenizer_->vocab_size())) return;
  throw Corrupt(concat("[", verb, "] ", model_dir.string(), ": TOK_MISMATCH: the tokenizer has ",
                       tokenizer_->vocab_size(), " tokens, the model ", vocab_size));
}

ScoreRow RowTokenizer::encode_text(const std::string& prompt, const std::string& text,
                                   const std::string& where) const {
  ScoreRow row{tokenizer_->encode(prompt), 0};
  if (row.input_ids.empty() && tokenizer_->special().bos) {
    row.input_ids.push_back(*tokenizer_->special().bos);
  }
  VITRINE_REQUIRE(labels_ == Labels::unused || !row.input_ids.empty(), where,
                  ": prompt: gives no tokens, and the model has no bos token to start from");
  row.labels_from = row.input_ids.size();
  const auto labels = tokenizer_->encode(text);
  row.input_ids.insert(row.input_ids.end(), labels.begin(), labels.end());
  return row;
}

ScoreRow RowTokenizer::encode(const Json& row, const std::string& where) const {
  VITRINE_REQUIRE(row.is_object(), where, ": expected an object, got ", row.type_name());
  const bool needed = labels_ == Labels::needed;
  if (row.contains("input_ids")) {
    auto ids = ids_of(row, where);
    const size_t labels_from = needed ? labels_from_of(row, ids.size(), where) : 0;
    return {std::move(ids), labels_from};
  }
  const bool pair = row.contains("prompt") || row.contains("text");
  VITRINE_REQUIRE(pair || row.contains("content"), where,
                  ": expected prompt and text, content and summary, or input_ids",
                  needed ? " and labels_from" : "");
  if (tokenizer_ == nullptr) {
    throw NotFound(concat(why_no_tokenizer_, ": without them only input_ids can be scored"));
  }
  return encode_text(field<std::string>(row, pair ? "prompt" : "content", "a text", where),
                     field<std::string>(row, pair ? "text" : "summary", "a text", where), where);
}

Json row_id(const Json& row, int64_t number) {
  return row.contains("id") ? row["id"] : Json(number);
}

void check_score_run(std::string_view verb, const ScoreRun& run) {
  check_file_arguments(verb, std::span(&run.input, 1),
                       {{"--output", run.output}, {"--rejects", run.rejects}});
}

bool score_lines(std::string_view verb, const ScoreRun& run, LineScorer& scorer) {
  Lines lines(verb, run, scorer);
  lines.score_all(read_file_unpacked(run.input));
  return lines.all_scored();
}

}  // namespace vitrine::recipes
