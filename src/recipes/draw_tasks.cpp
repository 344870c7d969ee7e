#include "recipes/draw_tasks.h"

#include "base/error.h"
#include "base/json.h"
#include "data/advertisegen.h"
#include "data/product_reader.h"
#include "diffusion/prompt_weights.h"

namespace vitrine::recipes {
namespace {

void require_one_source(const DrawSource& source) {
  const int given = !source.products.empty() + !source.prompt.empty() + !source.attributes.empty();
  if (given == 0) throw UsageError("PRODUCTS: missing (or --prompt, or --attributes for one product)");
  if (given > 1) throw UsageError("expected one of PRODUCTS, --prompt and --attributes, got " + std::to_string(given));
}

std::optional<data::ProductReader> open_reader(const DrawSource& source) {
  data::ImportConfig config;
  if (!source.products.empty()) return data::ProductReader(source.products, config);
  if (source.attributes.empty()) return std::nullopt;
  data::check_typed_content(source.attributes, "--attributes");
  config.format = "advertisegen";
  return data::ProductReader::in_memory(dump_line({{"content", source.attributes}}), "--attributes", config);
}

}  // namespace

struct DrawTasks::State {
  std::optional<data::ProductReader> reader;  // none: one prompt
  std::string prompt;                         // that is still to come
  imagery::PromptConfig prompts;
  const text::Tokenizer& tokenizer;
  int64_t max_tokens;
  imagery::CaptionWords captions;
  data::AttributeNormalizer normalizer;
  data::AttributeStatistics statistics;  // none: no pair is left out for being rare
  std::vector<data::ImportEntry> findings;

  DrawTask task_of(const data::Product& product) const {
    const imagery::Prompt words = imagery::build_prompt(product, captions, normalizer, statistics, prompts);
    const imagery::FittedPrompt fitted = imagery::fit_prompt(words.words, prompts.language, tokenizer, max_tokens);
    DrawTask task{product.id, product.id, diffusion::escape_prompt(fitted.text), words.unknown, fitted.cut, imagery::asked_by(words.captions, captions), ""};
    if (fitted.text.empty()) task.error = "no attribute that a prompt could say";
    return task;
  }
};

DrawTasks::DrawTasks(const DrawSource& source, const imagery::PromptConfig& prompts, const text::Tokenizer& tokenizer, int64_t max_tokens) {
  require_one_source(source);
  state_ = std::unique_ptr<State>(new State{open_reader(source), source.prompt, prompts, tokenizer, max_tokens, imagery::CaptionWords::load(),
                                            data::AttributeNormalizer::load(), {}, {}});
  if (state_->reader) state_->findings = state_->reader->file_findings();
}

DrawTasks::~DrawTasks() = default;

std::optional<DrawTask> DrawTasks::next() {
  if (!state_->reader) {
    if (state_->prompt.empty()) return std::nullopt;
    DrawTask task{"prompt", "", std::exchange(state_->prompt, ""), {}, {}, {}, ""};
    task.asked = imagery::asked_by(imagery::caption_words_in(task.prompt, state_->captions), state_->captions);
    return task;
  }
  const auto row = state_->reader->next();
  if (!row) return std::nullopt;
  state_->findings.insert(state_->findings.end(), row->findings.begin(), row->findings.end());
  if (row->product) return state_->task_of(*row->product);
  const data::ImportEntry& rejection = row->rejection();
  DrawTask task;
  task.id = rejection.id.empty() ? concat("row-", rejection.row) : rejection.id;
  task.error = concat(rejection.code, rejection.column.empty() ? "" : " " + rejection.column);
  return task;
}

std::vector<data::ImportEntry> DrawTasks::take_findings() { return std::exchange(state_->findings, {}); }

std::string DrawTasks::sha256() const { return state_->reader ? state_->reader->sha256() : ""; }

}  // namespace vitrine::recipes
