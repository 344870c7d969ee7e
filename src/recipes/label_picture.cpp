#include "recipes/label_picture.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "checks/implicit_label.h"
#include "imagery/label_carriers.h"
#include "imagery/picture_record.h"
#include "io/picture_metadata.h"
#include "io/picture_name.h"
#include "recipes/labelled_file.h"
#include "store/label_log.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVerb = "label";

/// A file that is made, but not yet to be seen.
struct MadeFile {
  fs::path path;
  std::string bytes;
  Json log_entry;  // null = nothing new to log
};

/// The log is on disk before a labelled file can be seen.
void write_logged(std::span<MadeFile> made, const LabelContext& context) {
  std::vector<std::unique_ptr<AtomicFile>> files;
  std::vector<Json> entries;
  for (MadeFile& one : made) {
    files.push_back(std::make_unique<AtomicFile>(one.path));
    files.back()->write(one.bytes);
    if (one.log_entry.is_null()) continue;
    one.log_entry["file"] = one.path.string();
    one.log_entry["file_sha256"] = sha256_hex(one.bytes);
    entries.push_back(std::move(one.log_entry));
  }
  if (!entries.empty()) store::LabelLog(context.log, context.clock).append(std::move(entries));
  for (const auto& file : files) file->commit();
}

[[noreturn]] void reject(const std::string& input, std::string_view code, const std::string& why) {
  throw Corrupt(concat("[label] ", code, " ", input, ": ", why));
}

/// One file on its way from input to output.
class PictureLabeller {
 public:
  PictureLabeller(const std::string& input, fs::path output, const LabelPicturesConfig& config,
                  const LabelContext& context, const imagery::ProductMask* mask)
      : input_(input),
        output_(std::move(output)),
        config_(config),
        context_(context),
        mask_(mask),
        format_(io::format_of(output_)),
        bytes_(read_file(input)),
        metadata_(io::read_picture_metadata(bytes_, input)),
        pixels_(io::read_picture(bytes_, input)),
        labels_(imagery::find_implicit_labels(metadata_)) {}

  struct Result {
    MadeFile file;
    bool labelled;  // anew; else the picture kept its label
  };
  Result run() {
    if (labels_.size() > 1)
      reject(input_, "LBL_SEVERAL",
             concat(labels_.size(), " implicit labels, expected at most one"));
    if (!labels_.empty()) return {keep(), false};
    if (config_.as_propagator)
      reject(input_, "LBL_NOT_LABELLED", "a propagator needs a labelled picture");
    const bool composite = config_.source == "composite";
    const auto drawn = own_label();
    LabelledFile file =
        drawn ? add_implicit_label(bytes_, input_, pixels_, *drawn, composite, context_)
              : draw(composite);
    return {{output_, std::move(file.bytes), std::move(file.log_entry)}, true};
  }

 private:
  /// A picture with a label leaves with exactly this one, byte for byte but for what a propagator
  /// says.
  MadeFile keep() {
    const imagery::FoundLabel& found = labels_.front();
    if (!found.is_label)
      reject(input_, "LBL_DAMAGED",
             concat("it has an implicit label that cannot be read: ", found.reading.problem));
    require_same_format();
    if (found.reading.label) {
      const auto check =
          checks::check_integrity(pixel_bytes(pixels_), found.reading.label->produce_id,
                                  found.reading.label->reserved_code1, context_.key_or_null());
      if (check.integrity == checks::Integrity::changed)
        reject(input_, "LBL_CHANGED", "the picture is not the one that was labelled");
    }
    return config_.as_propagator ? propagate(found) : MadeFile{output_, bytes_, Json()};
  }

  MadeFile propagate(const imagery::FoundLabel& found) {
    if (found.carrier != imagery::Carrier::xmp || !found.reading.label || metadata_.xmp.size() != 1)
      reject(input_, "LBL_CARRIER",
             concat("a label in the carrier ", imagery::to_string(found.carrier),
                    " is not rewritten safely"));
    checks::ImplicitLabel label = *found.reading.label;
    label.content_propagator = context_.producer;
    label.propagate_id = checks::new_produce_id(context_.clock());
    label.reserved_code2 =
        checks::integrity_value(pixel_bytes(pixels_), label.propagate_id, context_.key_or_null());
    const std::string packet = imagery::with_other_label(metadata_.xmp.front(), label);
    std::string bytes = io::with_metadata(bytes_, input_, {.xmp = packet, .exif = {}, .texts = {}});
    Json entry = {{"kind", "propagate"},
                  {"propagate_id", label.propagate_id},
                  {"of", label.produce_id},
                  {"who", context_.who},
                  {"propagator", context_.producer}};
    return {output_, std::move(bytes), std::move(entry)};
  }

  /// The explicit label that this program drew on the picture, when it is still there.
  std::optional<imagery::DrawnLabel> own_label() const {
    const auto record = imagery::read_record(metadata_, input_);
    if (!record || !record->contains("label")) return std::nullopt;
    const auto stored = imagery::read_drawn_label(record->at("label"));
    const bool lossless = metadata_.format == io::PictureFormat::png;
    if (!stored || !imagery::prove_label(pixels_, *stored, lossless).holds()) return std::nullopt;
    require_same_format();
    return stored;
  }

  void require_same_format() const {
    if (metadata_.format != format_)
      reject(input_, "LBL_FORMAT",
             concat("a labelled picture is not coded again: expected the name of a ",
                    io::to_string(metadata_.format), " file, got ", output_.string()));
  }

  LabelledFile draw(bool composite) const {
    PictureRecord record{.composite = composite, .mask = mask_};
    if (const auto old = imagery::read_record(metadata_, input_)) record.fields = *old;
    return make_labelled_file(pixels_, format_, record, &metadata_, config_.label, context_);
  }

  const std::string& input_;
  fs::path output_;
  const LabelPicturesConfig& config_;
  const LabelContext& context_;
  const imagery::ProductMask* mask_;
  io::PictureFormat format_;
  std::string bytes_;
  io::PictureMetadata metadata_;
  io::Picture pixels_;
  std::vector<imagery::FoundLabel> labels_;
};

bool names_folder(const std::string& output) {
  return output.ends_with('/') || fs::is_directory(output);
}

/// The name in a folder: that of the input, but of a GIF, which is read and not written, one of a PNG.
fs::path name_in_folder(const std::string& input) {
  fs::path name = fs::path(input).filename();
  return io::format_by_name(name) == io::PictureFormat::gif ? name.replace_extension(".png") : name;
}

/// Outputs beside inputs, checked before any work.
std::vector<fs::path> plan_outputs(const std::vector<std::string>& inputs,
                                   const LabelPicturesConfig& config) {
  if (config.output.empty()) throw UsageError("[label] --output: missing");
  if (config.output == "-") throw UsageError("[label] --output: expected a file or a folder");
  if (inputs.size() > 1 && !names_folder(config.output))
    throw UsageError(
        concat("[label] --output: several pictures need a folder, got ", config.output));
  std::vector<fs::path> outputs;
  for (const std::string& input : inputs) {
    if (input == "-") throw UsageError("[label] FILES: expected files, got standard input");
    const fs::path output = names_folder(config.output)
                                ? fs::path(config.output) / name_in_folder(input)
                                : fs::path(config.output);
    if (std::find(outputs.begin(), outputs.end(), output) != outputs.end())
      throw UsageError(concat("[label] --output: two inputs would become ", output.string()));
    std::vector<std::string> read = inputs;
    read.push_back(config.product_mask);
    check_file_arguments(kVerb, read,
                         {{"--output", output.string()}, {"--rejects", config.rejects}});
    outputs.push_back(output);
  }
  return outputs;
}

/// White, or at least lighter than the middle, is product.
imagery::ProductMask read_mask(const std::string& file) {
  const io::Picture picture = io::read_picture(file);
  imagery::ProductMask mask{picture.width, picture.height,
                            std::vector<uint8_t>(picture.rgb.size() / 3)};
  for (size_t i = 0; i < mask.product.size(); ++i)
    mask.product[i] = picture.rgb[3 * i] >= 128 ? 1 : 0;
  return mask;
}

/// Which code a message holds: the first word in capitals.
std::string code_in(std::string_view message) {
  constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  for (size_t at = 0; at < message.size();) {
    const size_t begin = message.find_first_of(kCapitals, at);
    if (begin == message.npos) break;
    const size_t end = std::min(message.find_first_not_of(kCapitals, begin), message.size());
    const auto word = message.substr(begin, end - begin);
    if (word.find('_') != word.npos && word.size() > 4) return std::string(word);
    at = end;
  }
  return "IMG_UNREADABLE";
}

/// Many pictures: some are made, then logged and written together; those that cannot be are listed.
class LabelRun {
 public:
  LabelRun(size_t inputs, const LabelContext& context) : inputs_(inputs), context_(context) {}

  template <typename Make>
  void label(const std::string& input, Make make) {
    try {
      PictureLabeller::Result result = make();
      ++(result.labelled ? result_.labelled : result_.kept);
      made_bytes_ += result.file.bytes.size();
      made_.push_back(std::move(result.file));
    } catch (const Corrupt& error) {
      reject_input(input, error);
    } catch (const InvalidInput& error) {
      reject_input(input, error);
    } catch (const NotFound& error) {
      reject_input(input, error);
    }
    if (made_.size() >= kMostFiles || made_bytes_ >= kMostBytes) flush();
  }

  /// Throws the first picture's error when each one is rejected.
  LabelPicturesResult finish(const std::string& rejects_file) {
    flush();
    if (!rejects_file.empty()) write_output(rejects_file, rejects_);
    if (result_.labelled + result_.kept == 0 && first_) std::rethrow_exception(first_);
    return result_;
  }

 private:
  static constexpr size_t kMostFiles = 64, kMostBytes = size_t{256} << 20;

  void flush() {
    write_logged(made_, context_);
    made_.clear();
    made_bytes_ = 0;
  }

  void reject_input(const std::string& input, const Error& error) {
    if (!first_) first_ = std::current_exception();
    ++result_.rejected;
    rejects_ += dump_line({{"file", input},
                           {"code", code_in(error.what())},
                           {"severity", "reject"},
                           {"value", error.what()}}) +
                "\n";
    if (inputs_ > 1) log_warn(error.what());
  }

  size_t inputs_;
  const LabelContext& context_;
  std::vector<MadeFile> made_;
  size_t made_bytes_ = 0;
  LabelPicturesResult result_;
  std::string rejects_;
  std::exception_ptr first_;
};

}  // namespace

std::vector<WrittenPicture> write_labelled_pictures(std::span<const PictureToWrite> pictures,
                                                    const PictureLabelConfig& config,
                                                    const LabelContext& context) {
  std::vector<WrittenPicture> written;
  std::vector<MadeFile> made;
  for (const PictureToWrite& one : pictures) {
    LabelledFile file = make_labelled_file(*one.master, io::format_of(one.path), one.record,
                                           nullptr, config, context);
    written.push_back(
        {one.path, file.produce_id, file.width, file.height, file.label, file.size_label,
         sha256_hex(file.bytes)});
    made.push_back({one.path, std::move(file.bytes), std::move(file.log_entry)});
  }
  write_logged(made, context);
  return written;
}

WrittenPicture write_labelled_picture(const fs::path& path, const io::Picture& master,
                                      const PictureRecord& record, const PictureLabelConfig& config,
                                      const LabelContext& context) {
  const PictureToWrite picture{.path = path, .master = &master, .record = record};
  return write_labelled_pictures(std::span(&picture, 1), config, context).front();
}

LabelPicturesResult label_pictures(const std::vector<std::string>& inputs,
                                   const LabelPicturesConfig& config, const LabelContext& context) {
  check_config(config, kVerb);
  require_producer(context);
  imagery::picture_wordings().allowed(config.label.wording);
  const auto outputs = plan_outputs(inputs, config);
  std::optional<imagery::ProductMask> mask;
  if (!config.product_mask.empty()) mask = read_mask(config.product_mask);
  LabelRun run(inputs.size(), context);
  for (size_t i = 0; i < inputs.size(); ++i)
    run.label(inputs[i], [&] {
      return PictureLabeller(inputs[i], outputs[i], config, context, mask ? &*mask : nullptr).run();
    });
  return run.finish(config.rejects);
}

}  // namespace vitrine::recipes
