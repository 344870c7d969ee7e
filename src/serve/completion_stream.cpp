#include "serve/completion_stream.h"

#include <algorithm>
#include <utility>

#include "checks/text_label.h"
#include "serve/problem.h"
#include "serve/text_check.h"

namespace vitrine::serve {
namespace {

std::string event_of(const Json& data) { return "data: " + dump_line(data) + "\n\n"; }

/// The sentences behind which another one has begun.
std::string_view standing_sentences(std::string_view text) {
  size_t end = 0;
  for (const std::string_view mark : {"。", "！", "？"}) {
    size_t at = text.rfind(mark);
    if (at != text.npos && at + mark.size() == text.size()) at = at == 0 ? text.npos : text.rfind(mark, at - 1);
    if (at != text.npos) end = std::max(end, at + mark.size());
  }
  return text.substr(0, end);
}

}  // namespace

copywriting::WrittenProduct write_completion(const CompletionWork& work, const CopyWatch& watch) {
  const auto drop_long = [&](copywriting::WrittenProduct& written) {
    return std::erase_if(written.candidates, [&](const auto& candidate) { return !is_short_enough(work, candidate); });
  };
  auto written = work.writing.engine->write(work.copy, watch);
  drop_long(written);
  if (!written.candidates.empty()) return written;
  CopyRequest from_templates = work.copy;
  from_templates.config.baseline = "template";
  written = work.writing.engine->write(from_templates, {.is_cancelled = watch.is_cancelled});
  const bool were_long = drop_long(written) > 0;
  if (written.candidates.empty()) throw Refusal("no_candidate", were_long ? concat("none of at most ", *work.max_tokens, " tokens (max_tokens)") : written.error);
  return written;
}

bool is_short_enough(const CompletionWork& work, const copywriting::Candidate& candidate) {
  return !work.max_tokens || tokens_of(work, candidate) <= *work.max_tokens;
}

std::string labelled_completion(const std::string& text, const store::Shop& shop, store::LabelPlace place) {
  const auto label = checks::with_explicit_label(
      text, {.wording = shop.label_wording, .place = checks::parse_label_place(std::string(to_word(place))),
             .max_length = 0, .length = nullptr});
  if (!label) throw Refusal("impossible", "the text leaves no room for its label");
  return *label;
}

Json completion_usage(const CompletionWork& work, int64_t completion_tokens) {
  const int64_t prompt_tokens = work.writing.engine->count_tokens(work.prompt);
  return {{"prompt_tokens", prompt_tokens}, {"completion_tokens", completion_tokens}, {"total_tokens", prompt_tokens + completion_tokens}};
}

int64_t tokens_of(const CompletionWork& work, const copywriting::Candidate& candidate) {
  return candidate.tokens > 0 ? candidate.tokens : work.writing.engine->count_tokens(candidate.text);
}

CompletionStream::CompletionStream(Service& service, CompletionWork work, std::function<Json(const std::exception&)> problem)
    : service_(service), work_(std::move(work)), problem_(std::move(problem)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::optional<std::string> CompletionStream::next(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return is_over_ || !out_.empty(); });
  if (is_over_ && out_.empty()) return std::nullopt;
  return std::exchange(out_, {});
}

std::string CompletionStream::farewell() const { return event_of({{"error", problem_(Refusal("shutting_down"))}}); }

/// What is thrown becomes the last event: the status has left already.
void CompletionStream::run(const std::stop_token& stop) {
  CopyWatch watch;
  watch.on_text = [this](int index, const std::string& text) { grow(index, text); };
  watch.on_candidate = [this](const copywriting::Candidate& candidate) { end(candidate); };
  watch.is_cancelled = [&stop] { return stop.stop_requested(); };
  try {
    end_all(write_completion(work_, watch));
    put("data: [DONE]\n\n");
  } catch (const std::exception& error) {
    put(event_of({{"error", problem_(error)}}));
  }
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  changed_.notify_all();
}

void CompletionStream::grow(int index, const std::string& text) {
  Choice& choice = choices_[index];
  const std::string standing(standing_sentences(text));
  if (standing.size() <= choice.text.size() || !standing.starts_with(choice.text)) return;
  if (work_.max_tokens && work_.writing.engine->count_tokens(standing) > *work_.max_tokens) return;
  if (check_text(service_, standing, work_.checked, {}).verdict() == checks::Level::block) return;
  const std::string labelled = labelled_completion(standing, work_.shop, store::LabelPlace::start);
  put_choice(index, labelled.substr(choice.sent.size()), nullptr);
  choice.text = standing;
  choice.sent = labelled;
}

void CompletionStream::end(const copywriting::Candidate& candidate) {
  Choice& choice = choices_[candidate.index];
  if (!is_short_enough(work_, candidate) || std::exchange(choice.has_ended, true)) return;
  const std::string labelled = labelled_completion(candidate.text, work_.shop, store::LabelPlace::start);
  const bool goes_on = labelled.starts_with(choice.sent);
  tokens_ += tokens_of(work_, candidate);
  put_choice(candidate.index, goes_on ? labelled.substr(choice.sent.size()) : "", goes_on ? "stop" : "content_filter");
}

/// Those too that are told with the result alone, and those that must not leave. The last chunk has the usage.
void CompletionStream::end_all(const copywriting::WrittenProduct& written) {
  for (const auto& candidate : written.candidates) end(candidate);
  const int last = work_.copy.config.num_return_sequences - 1;
  for (int index = 0; index <= last; ++index) {
    if (!std::exchange(choices_[index].has_ended, true)) put_choice(index, "", "content_filter");
  }
  put_choice(last, "", nullptr, completion_usage(work_, tokens_));
}

void CompletionStream::put_choice(int index, const std::string& text, const char* finish_reason, const Json& usage) {
  Json chunk{{"id", work_.id}, {"object", "text_completion"}, {"created", work_.created}, {"model", work_.writing.model.name}};
  chunk["choices"] = Json::array({{{"index", index}, {"text", text}, {"finish_reason", finish_reason == nullptr ? Json(nullptr) : Json(finish_reason)}}});
  if (!usage.is_null()) chunk["usage"] = usage;
  put(event_of(chunk));
}

void CompletionStream::put(const std::string& event) {
  const std::lock_guard lock(mutex_);
  out_ += event;
  changed_.notify_all();
}

}  // namespace vitrine::serve
