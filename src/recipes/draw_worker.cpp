#include "recipes/draw_worker.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <istream>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/utc_time.h"
#include "imagery/explicit_label.h"
#include "io/picture.h"
#include "io/picture_resize.h"
#include "recipes/draw_row.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

/// What one request asks for.
struct DrawOrder {
  DrawConfig config;
  PictureInspectorConfig inspection;
  PictureLabelConfig label;
  LabelOptions labels;
  std::string product, prompt;     // file of one product record; a prompt of its own
  std::string output, previews, thumbnails;  // folders
  std::vector<int64_t> thumbnail_sides;      // longest sides, pixels
  std::vector<std::string> names;  // of the files, by index
};

template <typename Config>
void read_config(const Json& json, const char* name, Config& config) {
  if (json.contains(name)) config_from_json(config, json[name], name);
}

DrawOrder order_of(const Json& json) {
  DrawOrder order;
  try {
    read_config(json, "settings", order.config);
    read_config(json, "inspection", order.inspection);
    read_config(json, "label", order.label);
    read_config(json, "labels", order.labels);
    order.product = json.value("product", "");
    order.prompt = json.value("prompt", "");
    order.output = json.at("output").get<std::string>();
    order.previews = json.value("previews", "");
    order.thumbnails = json.value("thumbnails", "");
    order.thumbnail_sides = json.value("thumbnail_sides", std::vector<int64_t>());
    order.names = json.at("names").get<std::vector<std::string>>();
  } catch (const Json::exception& e) {
    throw InvalidInput(concat("[draw-worker] ", e.what()));
  }
  order.config.validate();
  order.inspection.validate();
  VITRINE_REQUIRE(order.names.size() == static_cast<size_t>(order.config.num_images_per_prompt), "[draw-worker] names: expected ",
                  order.config.num_images_per_prompt, ", got ", order.names.size());
  return order;
}

/// Requests from a thread of its own, so that a cancel is seen while pictures are drawn.
class Orders {
 public:
  explicit Orders(std::istream& in) : reader_([this, &in] { read(in); }) {}

  /// Nothing at the end of the input.
  std::optional<Json> next() {
    std::unique_lock lock(mutex_);
    is_working_ = false;
    changed_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
    if (waiting_.empty()) return std::nullopt;
    Json request = std::move(waiting_.front());
    waiting_.pop_front();
    is_working_ = true;
    is_cancelled_ = false;
    return request;
  }
  bool is_cancelled() const { return is_cancelled_; }

 private:
  void read(std::istream& in) {
    for (std::string line; std::getline(in, line);) take(Json::parse(line, nullptr, /*allow_exceptions=*/false));
    const std::lock_guard lock(mutex_);
    if (is_working_) std::_Exit(EXIT_FAILURE);
    is_over_ = true;
    changed_.notify_one();
  }

  void take(const Json& line) {
    const std::lock_guard lock(mutex_);
    if (line.is_object() && line.contains("cancel")) is_cancelled_ = true;
    if (!line.is_object() || !line.contains("draw")) return;
    waiting_.push_back(line["draw"]);
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Json> waiting_;
  bool is_working_ = false, is_over_ = false;
  std::atomic<bool> is_cancelled_ = false;
  std::jthread reader_;  // last, so that all is there when it begins
};

/// A preview is looked at as a picture is: it is made as large as a legible label needs, and has one.
io::Picture labelled_preview(const io::Picture& picture, const PictureLabelConfig& label) {
  const int64_t shortest = std::min(picture.width, picture.height);
  const int64_t factor = (imagery::kMinLabelledSide + shortest - 1) / shortest;
  io::Picture preview = io::resize(picture, picture.width * factor, picture.height * factor);
  imagery::draw_explicit_label(preview, {.wording = label.wording, .mask = nullptr, .may_grow = false});
  return preview;
}

/// Smaller copies for grids, each a picture with labels of its own that names the large one as its parent.
/// A copy that could not hold a legible label is not made.
void write_thumbnails(const DrawParts& parts, const DrawTask& task, std::span<const Resampled> pictures, const Json& line, const fs::path& folder,
                      std::span<const int64_t> sides, std::span<const std::string> names) {
  for (const int64_t side : sides) {
    for (size_t i = 0; i < pictures.size(); ++i) {
      const io::Picture& large = pictures[i].drawn.picture;
      const int64_t longest = std::max(large.width, large.height), shortest = std::min(large.width, large.height);
      if (side >= longest || shortest * side / longest < imagery::kMinLabelledSide) continue;
      write_thumbnail(parts, task, pictures[i], line.at("candidates").at(i).value("produce_id", ""), side, folder / std::to_string(side) / names[i]);
    }
  }
}

class DrawWorker {
 public:
  DrawWorker(const DrawWorkerConfig& config, std::istream& in, std::ostream& out) : config_(config), orders_(in), out_(out) {}

  void run() {
    while (const auto request = orders_.next()) {
      try {
        tell(drawn(order_of(*request)));
      } catch (const Cancelled&) {
        tell({{"event", "cancelled"}});
      } catch (const std::exception& e) {
        tell({{"event", "failed"}, {"code", code_of(e)}, {"detail", e.what()}});
      }
    }
  }

 private:
  static const char* code_of(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error)) return "out_of_memory";
    if (dynamic_cast<const NotFound*>(&error)) return "model_missing";
    if (dynamic_cast<const InvalidInput*>(&error) || dynamic_cast<const UsageError*>(&error)) return "impossible";
    return dynamic_cast<const IoError*>(&error) ? "storage_failed" : "internal";
  }

  void tell(const Json& event) { out_ << dump_line(event) << std::endl; }

  Json drawn(const DrawOrder& order) {
    load(order);
    const DrawTask task = task_of(order);
    VITRINE_REQUIRE(task.error.empty(), "[draw-worker] ", task.error);
    const LabelContext labels = open_labels(order.labels, system_utc_clock());
    const DrawParts parts{order.config, *drawer_, *inspector_, order.inspection, order.label, labels};
    const int attempts = order.inspection.inspect ? order.inspection.attempts : 1;
    step_ = 0;
    const auto pictures = draw_row(parts, task, attempts, /*keep_latents=*/false,
                                   [&](std::span<const PictureSeed> seeds) { return watch(order, seeds); });
    Json line = write_row(parts, task, pictures, {order.output, "", [&](size_t index) { return order.names[index]; }});
    if (!order.thumbnails.empty()) write_thumbnails(parts, task, pictures, line, order.thumbnails, order.thumbnail_sides, order.names);
    return {{"event", "done"}, {"line", std::move(line)}, {"record", drawer_->record()}};
  }

  /// Loads what the last request did not; a drawer that could not take on the settings is loaded anew by
  /// the next request.
  void load(const DrawOrder& order) {
    const bool has_drawer = drawer_ && PictureDrawer::same_weights(drawer_config_, order.config);
    const Json judges = config_to_json(order.inspection);
    const bool has_inspector = inspector_ && judges_ == judges;
    if (!has_drawer || !has_inspector) tell({{"event", "loading"}});
    if (!has_drawer) drawer_.reset();  // before the next one: both at once may be too much
    if (!has_inspector) inspector_.reset();
    try {
      has_drawer ? drawer_->change(order.config) : void(drawer_.emplace(order.config, DrawMaterial{}, config_.dtype, config_.device));
      require_room_for_label(*drawer_);
    } catch (...) {
      drawer_.reset();
      throw;
    }
    drawer_config_ = order.config;
    if (!has_inspector) inspector_.emplace(order.inspection, config_.device);
    judges_ = judges;
  }

  /// A product with a prompt of its own keeps its noise and its record.
  DrawTask task_of(const DrawOrder& order) const {
    DrawSource source;
    source.products = order.product;
    if (order.product.empty()) source.prompt = order.prompt;
    DrawTasks tasks(source, {.language = drawer_->language(), .background = background_colour(order.config)}, drawer_->tokenizer(), drawer_->max_tokens());
    auto task = tasks.next();
    VITRINE_REQUIRE(task, "[draw-worker] neither a product nor a prompt");
    if (order.product.empty() || order.prompt.empty()) return *task;
    task->prompt = order.prompt;
    task->error.clear();
    return *task;
  }

  /// Pictures of a call come one after the other, batch by batch.
  DrawWatch watch(const DrawOrder& order, std::span<const PictureSeed> seeds) {
    const int64_t steps = drawer_->num_steps(1), total = drawer_->num_steps(order.config.num_images_per_prompt);
    const int64_t before = step_;
    DrawWatch watch;
    watch.on_step = [this, total] {
      if (orders_.is_cancelled()) throw Cancelled("[draw-worker] cancelled");
      ++step_;
      tell({{"event", "step"}, {"step", step_}, {"steps", std::max(step_, total)}});
    };
    if (order.previews.empty()) return watch;
    watch.on_preview = [this, &order, seeds, steps, before](const io::Picture& picture) {
      const int64_t step = step_ - before - 1, first = step / steps * order.config.batch_size;
      tell_preview(order, seeds[static_cast<size_t>(first)].index, step % steps + 1, steps, picture);
    };
    return watch;
  }

  void tell_preview(const DrawOrder& order, int64_t index, int64_t step, int64_t steps, const io::Picture& picture) {
    const fs::path file = fs::path(order.previews) / order.names[static_cast<size_t>(index)];
    io::write_picture(file, labelled_preview(picture, order.label));
    tell({{"event", "preview"}, {"index", index}, {"step", step}, {"steps", steps}, {"width", drawer_->width()}, {"height", drawer_->height()},
          {"file", file.string()}});
  }

  const DrawWorkerConfig config_;
  Orders orders_;
  std::ostream& out_;
  std::optional<PictureDrawer> drawer_;
  DrawConfig drawer_config_;  // that it has now
  Json judges_;               // settings of the inspector
  std::optional<PictureInspector> inspector_;
  int64_t step_ = 0;  // of the present request, all its pictures
};

}  // namespace

void run_draw_worker(const DrawWorkerConfig& config, std::istream& in, std::ostream& out) { DrawWorker(config, in, out).run(); }

}  // namespace vitrine::recipes
