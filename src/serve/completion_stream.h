// serve/completion_stream.h - completions as OpenAI's interface has them: what one is made from, and
// its events while it is written.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "serve/http.h"
#include "serve/written_copy.h"
#include "store/shops.h"

namespace vitrine::serve {

/// Everything that is read before the writing.
struct CompletionWork {
  CopyRequest copy;
  WritingModel writing;
  store::Shop shop;
  data::Product checked;  // the product as the checks know it
  std::string prompt;
  std::string id;
  int64_t created = 0;  // seconds since 1970
  std::optional<int64_t> max_tokens = {};    // of a completion
  std::shared_ptr<const void> place = {};    // among those that are written at once
  std::shared_ptr<const void> stream = {};   // among the open streams; null = it is none
};

/// As the engine writes. Where none of the model's texts may leave, from the template bank, as for goods
/// that the model does not know. None is longer than max_tokens. Throws as CopyEngine::write; Refusal (no_candidate).
copywriting::WrittenProduct write_completion(const CompletionWork& work, const CopyWatch& watch);

/// The text with the shop's label. Throws Refusal (impossible) when there is no room for it.
std::string labelled_completion(const std::string& text, const store::Shop& shop, store::LabelPlace place);

/// Whether the candidate is within max_tokens.
bool is_short_enough(const CompletionWork& work, const copywriting::Candidate& candidate);

Json completion_usage(const CompletionWork& work, int64_t completion_tokens);
/// Tokens of a candidate; of one that no model wrote as the model reads it.
int64_t tokens_of(const CompletionWork& work, const copywriting::Candidate& candidate);

/// Writes in a thread of its own, until the object goes. A text leaves sentence by sentence: each when the
/// next one is begun, for then it stands, and when all so far passes the checks. The label comes first,
/// since a stream may be cut anywhere. A choice whose text was begun anew behind what has left ends as
/// content_filter.
class CompletionStream : public EventStream {
 public:
  /// `service` must outlive it. `problem`: the data of an error that ends the stream.
  CompletionStream(Service& service, CompletionWork work, std::function<Json(const std::exception&)> problem);

  std::optional<std::string> next(std::chrono::milliseconds wait) override;
  std::string farewell() const override;

 private:
  struct Choice {
    std::string text, sent;  // what stood of the text when some left; what left, with the label
    bool has_ended = false;
  };
  void run(const std::stop_token& stop);
  void grow(int index, const std::string& text);
  void end(const copywriting::Candidate& candidate);
  void end_all(const copywriting::WrittenProduct& written);
  void put_choice(int index, const std::string& text, const char* finish_reason, const Json& usage = nullptr);
  void put(const std::string& event);

  Service& service_;
  const CompletionWork work_;
  const std::function<Json(const std::exception&)> problem_;
  std::map<int, Choice> choices_;  // by index; of the writing thread
  int64_t tokens_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string out_;       // guarded by mutex_
  bool is_over_ = false;  // guarded by mutex_
  std::jthread thread_;   // last, so that all is there when it begins
};

}  // namespace vitrine::serve
