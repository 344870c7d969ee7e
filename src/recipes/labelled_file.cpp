#include "recipes/labelled_file.h"

#include <mutex>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/version.h"
#include "checks/implicit_label.h"
#include "imagery/inspection.h"
#include "imagery/picture_record.h"
#include "io/exif.h"
#include "io/xmp_packet.h"
#include "recipes/label_sidecar.h"
#include "recipes/verify_picture.h"

namespace vitrine::recipes {
namespace {

using imagery::DrawnLabel;
using io::Picture;
using io::PictureFormat;
using io::PictureMetadata;

constexpr const char* kGenerated = "trainedAlgorithmicMedia";
constexpr const char* kComposite = "compositeWithTrainedAlgorithmicMedia";

void warn_no_producer() {
  static std::once_flag once;
  std::call_once(once, [] {
    log_warn(
        "尚未设置服务提供者, 图片没有隐式标识: nobody is set as producer, so pictures carry no "
        "implicit label; "
        "`vitrine label settings --set-producer NAME` once, then `vitrine label FILES`");
  });
}

std::string wording_of(const PictureLabelConfig& config, bool composite) {
  return config.wording.empty() && composite ? "AI合成" : config.wording;
}

bool was_refused(const Json& fields) {
  if (!fields.contains("inspection") || !fields.at("inspection").is_object()) return false;
  return fields.at("inspection").value("accepted", Json()) == false;
}

imagery::SizeLabel size_label_of(const Picture& master, const PictureRecord& record) {
  if (record.accepted) return imagery::size_label(master, *record.accepted);
  const bool accepted =
      !was_refused(record.fields) && imagery::inspect_picture(master, {}).accepted();
  return imagery::size_label(master, accepted);
}

/// The record with its labels and what the picture was made from.
Json full_record(const PictureRecord& record, const LabelledFile& file,
                 const std::string& request) {
  Json fields = record.fields;
  fields["size_label"] = imagery::english(file.size_label);
  if (!fields.contains("version")) fields["version"] = program_version();
  if (request.empty())
    fields["label"] = imagery::to_json(file.label);
  else
    fields["request"] = request;
  if (!record.parents.empty()) fields["parents"] = record.parents;
  return fields;
}

checks::ImplicitLabel new_label(const Picture& pixels, const LabelContext& context) {
  checks::ImplicitLabel label;
  label.content_producer = label.content_propagator = context.producer;
  label.produce_id = label.propagate_id = checks::new_produce_id(context.clock());
  label.reserved_code1 =
      checks::integrity_value(pixel_bytes(pixels), label.produce_id, context.key_or_null());
  return label;
}

/// The packet with what is not in it yet: source type, implicit label; the record replaces an older
/// one.
std::string packet_with(const PictureMetadata& carried, bool composite,
                        const checks::ImplicitLabel* label, const Json* record) {
  std::string packet = carried.xmp.empty() ? "" : carried.xmp.front();
  std::vector<io::XmpValue> values;
  if (imagery::digital_source_type(carried).empty())
    values.push_back({std::string(imagery::kIptcSpace), "Iptc4xmpExt", "DigitalSourceType",
                      concat(imagery::kSourceTypes, composite ? kComposite : kGenerated)});
  if (label != nullptr)
    values.push_back(
        {std::string(imagery::kAigcSpace), "TC260", "AIGC", imagery::xmp_label_text(*label)});
  if (record != nullptr) {
    const io::XmpReading xmp = io::read_xmp(packet);
    const auto* old = xmp.find(imagery::kRecordSpace, imagery::kRecordName);
    if (old != nullptr)
      packet = io::with_xmp_value(packet, *old, dump_line(*record));
    else
      values.push_back({std::string(imagery::kRecordSpace), "vitrine",
                        std::string(imagery::kRecordName), dump_line(*record)});
  }
  return values.empty() ? packet : io::with_xmp_values(packet, values);
}

/// The settings of generation: of the record, else as the master's file had them.
std::string parameters_for(const PictureRecord& record, const PictureMetadata& carried) {
  const std::string own = imagery::parameters_of(record.fields);
  return own.empty() ? imagery::read_parameters(carried).value_or("") : own;
}

/// PNG texts: those of the master's file, then ours.
std::vector<io::TextEntry> texts_for(const PictureMetadata& carried, const Json& record,
                                     const std::string& parameters) {
  std::vector<io::TextEntry> texts;
  for (const io::TextEntry& entry : carried.texts)
    if (entry.keyword != imagery::kRecordKey && entry.keyword != imagery::kParametersKey)
      texts.push_back(entry);
  if (!parameters.empty()) texts.push_back({std::string(imagery::kParametersKey), parameters});
  texts.push_back({std::string(imagery::kRecordKey), dump_line(record)});
  return texts;
}

std::optional<std::string> exif_for(const PictureMetadata& carried, PictureFormat format,
                                    const std::string& parameters) {
  const std::string block =
      io::without_rotation(carried.exif);  // the pixels were turned when they were read
  const auto reading = io::read_exif(block);
  const bool write = format != PictureFormat::png && !parameters.empty() &&
                     reading.user_comment != parameters && reading.problem.empty();
  if (write) return io::with_user_comment(block, parameters);
  return block.empty() ? std::nullopt : std::optional(block);
}

Json log_entry(const checks::ImplicitLabel& label, const Picture& pixels, const DrawnLabel& drawn,
               bool composite, const LabelContext& context) {
  Json settings = {{"wording", drawn.wording}};
  if (context.key) settings["key"] = context.key->id();
  return {{"kind", "label"},
          {"produce_id", label.produce_id},
          {"who", context.who},
          {"producer", context.producer},
          {"field", "picture"},
          {"pixels_sha256", sha256_hex(pixel_bytes(pixels))},
          {"explicit", drawn.wording.empty() ? kExplicitByAgreement : kExplicitPresent},
          {"source_type", composite ? kComposite : kGenerated},
          {"settings", std::move(settings)}};
}

/// What is about to be written must stand before the verifier.
void require_verified(const LabelledFile& file, const LabelContext& context) {
  const Json report = verify_new_picture(file.bytes, context);
  if (report.at("result") != "pass")
    throw InternalError(
        concat("[make_labelled_file] the file that was made does not pass: ", report.dump()));
}

}  // namespace

std::string_view pixel_bytes(const Picture& picture) {
  return {reinterpret_cast<const char*>(picture.rgb.data()), picture.rgb.size()};
}

LabelledFile make_labelled_file(const Picture& master, PictureFormat format,
                                const PictureRecord& record, const PictureMetadata* carried,
                                const PictureLabelConfig& config, const LabelContext& context,
                                const std::string& request) {
  const PictureMetadata none;
  if (carried == nullptr) carried = &none;
  LabelledFile file;
  file.size_label = size_label_of(master, record);
  Picture picture = master;
  if (request.empty())
    file.label =
        imagery::draw_explicit_label(picture, {.wording = wording_of(config, record.composite),
                                               .mask = record.mask,
                                               .may_grow = config.may_grow});
  file.width = picture.width;
  file.height = picture.height;
  const bool lossless = format == PictureFormat::png;
  file.bytes = io::encode_picture(picture, format, {.quality = config.quality});
  const Picture pixels =
      lossless ? std::move(picture) : io::read_picture(file.bytes, "the coded picture");
  VITRINE_REQUIRE(!request.empty() || imagery::prove_label(pixels, file.label, lossless).holds(),
                  "[make_labelled_file] LBL_NOT_LEGIBLE: quality ", config.quality,
                  " is too low for the label in a ", io::to_string(format), " file");
  const Json fields = full_record(record, file, request);
  std::optional<checks::ImplicitLabel> label;
  if (!context.producer.empty()) label = new_label(pixels, context);
  const std::string parameters = parameters_for(record, *carried);
  io::MetadataChange change;
  change.xmp = packet_with(*carried, record.composite, label ? &*label : nullptr,
                           lossless ? nullptr : &fields);
  change.exif = exif_for(*carried, format, parameters);
  if (lossless) change.texts = texts_for(*carried, fields, parameters);
  file.bytes = io::with_metadata(file.bytes, "the coded picture", change);
  if (!label) {
    warn_no_producer();
    return file;
  }
  file.produce_id = label->produce_id;
  file.log_entry = log_entry(*label, pixels, file.label, record.composite, context);
  file.log_entry["master_sha256"] = sha256_hex(pixel_bytes(master));
  if (!record.parents.empty()) file.log_entry["parents"] = record.parents;
  if (!carried->c2pa_sha256.empty()) file.log_entry["c2pa_sha256"] = carried->c2pa_sha256;
  if (!request.empty()) file.log_entry["request"] = request;
  if (request.empty())
    require_verified(file, context);  // else the log has to hold the export first
  return file;
}

LabelledFile add_implicit_label(const std::string& bytes, const std::string& name,
                                const Picture& pixels, const DrawnLabel& label, bool composite,
                                const LabelContext& context) {
  const PictureMetadata metadata = io::read_picture_metadata(bytes, name);
  const checks::ImplicitLabel implicit = new_label(pixels, context);
  LabelledFile file{.bytes = {},
                    .produce_id = implicit.produce_id,
                    .width = pixels.width,
                    .height = pixels.height,
                    .label = label,
                    .size_label = {},
                    .log_entry = {}};
  file.bytes = io::with_metadata(
      bytes, name,
      {.xmp = packet_with(metadata, composite, &implicit, nullptr), .exif = {}, .texts = {}});
  file.log_entry = log_entry(implicit, pixels, label, composite, context);
  require_verified(file, context);
  return file;
}

}  // namespace vitrine::recipes
