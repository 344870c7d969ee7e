#include "serve/copy_batch.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::serve {

using copywriting::CopyTask;
using copywriting::SampledCopy;

namespace {

constexpr auto kPatience = std::chrono::milliseconds(10);   // between two looks at is_cancelled
constexpr auto kTextEvery = std::chrono::milliseconds(50);  // a text that grows is shown no oftener

}  // namespace

/// A caller's place among the others, for the time of a call.
class CopyBatch::Membership {
 public:
  Membership(CopyBatch& batch, Call& call) : batch_(batch), call_(call) { batch_.enter(call_); }
  ~Membership() { batch_.leave(call_); }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

 private:
  CopyBatch& batch_;
  Call& call_;
};

CopyBatch::CopyBatch(const copywriting::CopyModel& model) : model_(model), thread_([this] { work(); }) {}

CopyBatch::~CopyBatch() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  has_tasks_.notify_one();
}

void CopyBatch::sample(std::vector<CopyTask> tasks, const copywriting::CopySamplerConfig& config,
                       const copywriting::SampleWatch& watch, const Caller& caller) {
  VITRINE_REQUIRE(!config.beams, "[CopyBatch] beams are a batch of their own");
  Call call{.config = std::make_shared<copywriting::CopySamplerConfig>(config),
            .priority = caller.priority,
            .wants_text = watch.grown != nullptr};
  const Membership membership(*this, call);
  size_t open = tasks.size();
  for (size_t i = 0; i < tasks.size(); ++i) wait(call, i, std::move(tasks[i]));
  while (open > 0) {
    if (caller.is_cancelled && caller.is_cancelled()) throw Cancelled("[CopyBatch] the caller gave up");
    News news = news_of(call);
    if (news.error) std::rethrow_exception(news.error);
    for (const auto& [task_idx, text] : news.texts) watch.grown(task_idx, text);
    for (auto& [task_idx, copy] : news.copies) {
      auto again = watch.done(task_idx, copy);
      if (again) wait(call, task_idx, std::move(*again));
      open -= !again;
    }
  }
}

void CopyBatch::enter(Call& call) {
  const std::lock_guard lock(mutex_);
  const auto behind = std::find_if(calls_.begin(), calls_.end(), [&](const Call* other) { return other->priority < call.priority; });
  calls_.insert(behind, &call);
}

/// Gives up what the caller still has in the batch.
void CopyBatch::leave(Call& call) {
  std::unique_lock lock(mutex_);
  call.is_over = true;
  call.waiting.clear();
  call.changed.wait(lock, [&] { return call.running == 0; });
  calls_.remove(&call);
}

void CopyBatch::wait(Call& call, size_t task_idx, CopyTask task) {
  const std::lock_guard lock(mutex_);
  if (is_stopping_) throw Cancelled("[CopyBatch] the server is shutting down");
  call.waiting.emplace_back(task_idx, std::move(task));
  has_tasks_.notify_one();
}

/// Waits a little for the first.
CopyBatch::News CopyBatch::news_of(Call& call) {
  std::unique_lock lock(mutex_);
  call.changed.wait_for(lock, kPatience, [&] { return call.news.error || !call.news.texts.empty() || !call.news.copies.empty(); });
  return std::exchange(call.news, News());
}

std::optional<copywriting::CopyTaskQueue::Next> CopyBatch::next() {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(calls_.begin(), calls_.end(), [](const Call* call) { return !call->waiting.empty(); });
  if (is_stopping_ || found == calls_.end()) return std::nullopt;
  Call& call = **found;
  auto [task_idx, task] = std::move(call.waiting.front());
  call.waiting.pop_front();
  running_[num_begun_++] = {.call = &call, .task_idx = task_idx};
  ++call.running;
  return Next{std::move(task), call.config, call.wants_text};
}

bool CopyBatch::is_wanted(size_t task_idx) {
  const std::lock_guard lock(mutex_);
  return !is_stopping_ && !running_.at(task_idx).call->is_over;
}

bool CopyBatch::wants_text_now(size_t task_idx) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  Place& place = running_.at(task_idx);
  if (now - place.told_at < kTextEvery) return false;
  place.told_at = now;
  return true;
}

void CopyBatch::grown(size_t task_idx, std::string text) {
  const std::lock_guard lock(mutex_);
  const Place& place = running_.at(task_idx);
  place.call->news.texts[place.task_idx] = std::move(text);
  place.call->changed.notify_one();
}

void CopyBatch::done(size_t task_idx, SampledCopy copy) {
  const std::lock_guard lock(mutex_);
  const Place place = running_.extract(task_idx).mapped();
  ++stats_.copies;
  stats_.tokens += copy.tokens;
  stats_.drawn += copy.drawn;
  --place.call->running;
  place.call->news.copies.emplace_back(place.task_idx, std::move(copy));
  place.call->changed.notify_one();
}

void CopyBatch::work() {
  while (wait_for_tasks()) {
    try {
      copywriting::sample_copies(model_, *this);
    } catch (...) {  // it goes on in the callers' threads
      fail_all(std::current_exception());
    }
  }
  fail_all(std::make_exception_ptr(Cancelled("[CopyBatch] the server is shutting down")));
}

/// False when the batch is to end.
bool CopyBatch::wait_for_tasks() {
  std::unique_lock lock(mutex_);
  num_begun_ = 0;
  has_tasks_.wait(lock, [&] {
    return is_stopping_ || std::any_of(calls_.begin(), calls_.end(), [](const Call* call) { return !call->waiting.empty(); });
  });
  return !is_stopping_;
}

void CopyBatch::fail_all(const std::exception_ptr& error) {
  const std::lock_guard lock(mutex_);
  running_.clear();
  for (Call* call : calls_) {
    call->waiting.clear();
    call->running = 0;
    call->news.error = error;
    call->changed.notify_one();
  }
}

CopyBatchStats CopyBatch::stats() const {
  const std::lock_guard lock(mutex_);
  CopyBatchStats stats = stats_;
  stats.running = static_cast<int64_t>(running_.size());
  for (const Call* call : calls_) stats.waiting += static_cast<int64_t>(call->waiting.size());
  return stats;
}

}  // namespace vitrine::serve
