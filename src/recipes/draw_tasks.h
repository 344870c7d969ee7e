// recipes/draw_tasks.h - what `draw` is asked for, one prompt after the other.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/import.h"
#include "imagery/asked.h"
#include "imagery/captions.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// One of them is given.
struct DrawSource {
  std::string products;    // file of any importable format, "-" = standard input
  std::string prompt;      // with weights (diffusion/prompt_weights.h)
  std::string attributes;  // one product: key#value*key#value
};

struct DrawTask {
  std::string id;          // of the product; "prompt" for a prompt
  std::string product_id;  // empty for a prompt: its noise depends on the seed alone
  std::string prompt;
  std::vector<std::string> unknown;  // words of the product that captions do not have
  std::vector<std::string> cut;      // words that found no room
  imagery::Asked asked;              // class and colour that the pictures shall show
  std::string error;                 // why there is nothing to draw; empty = there is
};

/// Reads products one by one; memory does not grow with the file.
class DrawTasks {
 public:
  /// The tokenizer must outlive it.
  ///   prompts     how prompts are made of products
  ///   max_tokens  ids that the text encoder takes; a product's prompt is kept within them
  /// Throws UsageError (none, or more than one source; attributes that are no pairs), what opening
  /// the file and the rules throws.
  DrawTasks(const DrawSource& source, const imagery::PromptConfig& prompts, const text::Tokenizer& tokenizer,
            int64_t max_tokens);
  ~DrawTasks();

  /// Nothing at the end. A rejected row is a task with an error.
  std::optional<DrawTask> next();
  /// What the import says of the rows that were read since the last call, and of the file.
  std::vector<data::ImportEntry> take_findings();
  /// Of the products' bytes; "" for a prompt.
  std::string sha256() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitrine::recipes
