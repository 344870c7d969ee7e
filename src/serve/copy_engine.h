// serve/copy_engine.h - one copy model that many callers write with at once.
//
// A thread of its own owns the decoder and runs one batch without end: sequences of all callers join
// and leave it between two token steps. What a caller's request needs beside (planning, checks,
// style, new tries) runs in the caller's own thread, meanwhile.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "copywriting/copy_writer.h"
#include "copywriting/writing_models.h"
#include "data/product.h"
#include "generation/decoder.h"

namespace vitrine::serve {

struct CopyEngineConfig {
  std::string model = copywriting::kEmbeddedModel;  // a folder, or a name in models/
  std::string ranker = "auto";                      // as WriteConfig::ranker
  generation::DecoderConfig decoder = {.dtype = copywriting::kDefaultDtype};
};

/// What one call of write asks for. The names of models in `config` are passed over: the engine's
/// are used.
struct CopyRequest {
  data::Product product;
  copywriting::WriteConfig config = {};
  copywriting::PointWishes wishes = {};
  /// The shop's accepted copy, which candidates are not to be like; null = none.
  std::shared_ptr<const copywriting::CatalogueIndex> accepted = {};
  int priority = 0;  // of requests that have not begun the higher ones join the batch first
};

/// What is told while copy is written, in the thread that called write. Each may be empty.
struct CopyWatch {
  /// The text of candidate `index` so far; it may also have been begun anew.
  std::function<void(int index, const std::string& text)> on_text = {};
  /// The text of a candidate stands and is checked, its coverage is known; agreement, which needs
  /// the others, the ranking model's score and the order come with the result. A candidate that must
  /// not leave is not told.
  std::function<void(const copywriting::Candidate& candidate)> on_candidate = {};
  /// Asked every few milliseconds; true = write throws Cancelled, and the batch has room again.
  std::function<bool()> is_cancelled = {};
};

/// What goes on in the batch, for /metrics.
struct CopyEngineStats {
  int64_t requests = 0;   // that write was called for
  int64_t cancelled = 0;  // of these
  int64_t copies = 0;     // texts written, those that were written anew included
  int64_t tokens = 0;     // of these
  int64_t drawn = 0;      // that the decoder drew for these: variants and refused sentences included
  int64_t delivered = 0;  // tokens of candidates that write returned
  int64_t waiting = 0;    // candidates that wait for a place in the batch
  int64_t running = 0;    // candidates in the batch
};

/// Thread-safe.
class CopyEngine {
 public:
  /// Loads the models. Throws what load_copy_model and RankingModel::load throw.
  explicit CopyEngine(const CopyEngineConfig& config);
  /// With models that are loaded already. REQUIRES: models.copy.
  CopyEngine(copywriting::WriterModels models, std::string name);
  /// Callers inside write get Cancelled; they must be gone before the engine is.
  ~CopyEngine();
  CopyEngine(const CopyEngine&) = delete;
  CopyEngine& operator=(const CopyEngine&) = delete;

  /// Candidates of one product; blocks until all are written. Candidate i depends on model, settings,
  /// seed, product and i alone, bit for bit: not on what the others ask for (Decoder::generate).
  /// Throws Cancelled; InvalidInput for settings out of range, and beams, which are a batch of their
  /// own; what the draw threw when the batch broke (then for all callers; the next call begins a new
  /// one).
  copywriting::WrittenProduct write(const CopyRequest& request, const CopyWatch& watch = {});

  /// The plan that write would follow. Its id depends on all that it says and on the field.
  /// Throws InvalidInput for settings out of range.
  copywriting::Plan plan(const CopyRequest& request) const;

  /// Tokens of a text as the model reads it.
  int64_t count_tokens(std::string_view text) const;

  const std::string& model_name() const;
  const std::string& model_sha256() const;
  CopyEngineStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::serve
