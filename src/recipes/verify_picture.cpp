#include "recipes/verify_picture.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "checks/implicit_label.h"
#include "imagery/explicit_label.h"
#include "imagery/label_carriers.h"
#include "imagery/picture_record.h"
#include "imagery/size_label.h"
#include "io/picture.h"
#include "io/picture_name.h"
#include "recipes/labelled_file.h"
#include "store/label_log.h"

namespace vitrine::recipes {
namespace {

/// Whether the log holds an export of this number by that agreement.
bool is_agreed_export(const std::string& produce_id, const std::string& request,
                      const LabelContext& context) {
  bool known = false;
  const auto state = store::read_label_log(context.log, [&](const Json& entry) {
    known = known ||
            (entry.value("kind", "") == "label" && entry.value("produce_id", "") == produce_id &&
             entry.value("request", "") == request);
  });
  return known && state.fault.empty();
}

double rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 1000 + 0.5)) / 1000;
}

class PictureVerifier {
 public:
  PictureVerifier(std::string_view bytes, const std::string& name, const LabelContext& context)
      : name_(name),
        context_(context),
        metadata_(io::read_picture_metadata(bytes, name)),
        picture_(io::read_picture(bytes, name)),
        record_(imagery::read_record(metadata_, name)),
        labels_(imagery::find_implicit_labels(metadata_)) {}

  Json run() {
    Json implicit = check_implicit();
    check_explicit();
    const std::string size_label = check_size_label();
    const std::string type = imagery::digital_source_type(metadata_);
    return {{"file", name_},
            {"explicit", explicit_},
            {"explicit_checks", explicit_checks_},
            {"implicit", std::move(implicit)},
            {"iptc", type.empty() ? "absent" : type},
            {"size_label", size_label},
            {"c2pa", metadata_.c2pa_sha256.empty() ? "absent" : "not_built"},
            {"problems", problems_},
            {"result", problems_.empty() ? "pass" : "fail"}};
  }

 private:
  void problem(const std::string& what) { problems_.push_back({{"problem", what}}); }

  Json check_implicit() {
    if (labels_.size() != 1) problem(concat("expected one implicit label, got ", labels_.size()));
    checks::ImplicitLabel label;
    label.label = "";
    checks::IntegrityCheck integrity;
    bool fields_ok = !labels_.empty();
    for (const auto& found : labels_) {
      fields_ok = fields_ok && found.reading.label.has_value();
      if (!found.reading.label) problem(concat("implicit label: ", found.reading.problem));
    }
    if (!labels_.empty() && labels_.front().reading.label) {
      label = *labels_.front().reading.label;
      integrity = checks::check_integrity(pixel_bytes(picture_), label.produce_id,
                                          label.reserved_code1, context_.key_or_null());
    }
    produce_id_ = label.produce_id;
    if (integrity.integrity == checks::Integrity::changed)
      problem(concat("the picture is not the one that was labelled",
                     integrity.signature == "invalid" ? " (signature)" : ""));
    return {{"count", labels_.size()},
            {"carrier", labels_.empty() ? "none" : imagery::to_string(labels_.front().carrier)},
            {"fields_ok", fields_ok},
            {"label", label.label},
            {"produce_id", label.produce_id},
            {"integrity", checks::to_string(integrity.integrity)},
            {"signature", integrity.signature}};
  }

  /// By the stored label: it is drawn again and compared.
  void check_explicit() {
    const auto stored = record_ && record_->contains("label")
                            ? imagery::read_drawn_label(record_->at("label"))
                            : std::nullopt;
    if (stored) {
      const bool lossless = metadata_.format == io::PictureFormat::png;
      return take_proof(imagery::prove_label(picture_, *stored, lossless));
    }
    explicit_checks_["required_px"] = imagery::required_ink_height(picture_.width, picture_.height);
    if (record_ && record_->contains("request"))
      return settle_agreement(record_->value("request", Json()).dump());
    explicit_ = record_ ? "absent" : "not_determinable";
    problem(record_ ? "no explicit label"
                    : "no program of ours labelled this picture: whether it shows a label cannot "
                      "be determined");
  }

  /// Sharpness was measured before the explicit label was drawn; the size can be checked now.
  std::string check_size_label() {
    const Json claimed = record_ ? record_->value("size_label", Json()) : Json();
    if (claimed.is_null()) return "absent";
    const auto label =
        claimed.is_string() ? imagery::size_label_named(claimed.get<std::string>()) : std::nullopt;
    if (!label) {
      problem(concat("size label: expected concept, thumbnail or listing-ready, got ",
                     claimed.dump()));
      return "unknown";
    }
    const int64_t side = std::min(picture_.width, picture_.height);
    if (*label > imagery::most_of_side(side))
      problem(concat("size label: a shorter side of ", side, " pixels is no ",
                     imagery::english(*label)));
    return std::string(imagery::english(*label));
  }

  void take_proof(const imagery::LabelProof& proof) {
    explicit_ = proof.holds() ? "present" : "absent";
    explicit_checks_ = {{"wording", proof.wording},
                        {"height_px", proof.height},
                        {"required_px", proof.required},
                        {"edge", proof.edge},
                        {"contrast", rounded(proof.contrast)},
                        {"similarity", rounded(proof.similarity)}};
    if (!proof.holds())
      problem(concat("the explicit label is not the one that was drawn",
                     proof.problem.empty() ? "" : ": ", proof.problem));
  }

  void settle_agreement(const std::string& quoted) {
    const std::string request = quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : "";
    if (is_agreed_export(produce_id_, request, context_)) {
      explicit_ = "by_agreement";
    } else {
      explicit_ = "absent";
      problem("explicit label left out by agreement, which the log of labels does not hold");
    }
  }

  std::string name_;
  const LabelContext& context_;
  io::PictureMetadata metadata_;
  io::Picture picture_;
  std::optional<Json> record_;
  std::vector<imagery::FoundLabel> labels_;
  std::string explicit_ = "absent", produce_id_;
  Json explicit_checks_ = {{"wording", false}, {"height_px", 0}, {"required_px", 0},
                           {"edge", false},    {"contrast", 0},  {"similarity", 0}};
  Json problems_ = Json::array();
};

}  // namespace

Json verify_picture_file(const std::string& file, const LabelContext& context) {
  try {
    return PictureVerifier(read_file(file), file, context).run();
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& e) {  // one bad file must not hide what the others are
    return {{"file", file}, {"result", "fail"}, {"error", e.what()}};
  }
}

Json verify_new_picture(std::string_view bytes, const LabelContext& context) {
  return PictureVerifier(bytes, "", context).run();
}

bool is_picture_file(const std::string& file) {
  std::string head(12, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  const auto begin = head.substr(0, static_cast<size_t>(stream.gcount()));
  return io::recognise_picture(begin).has_value() || io::format_by_name(file).has_value();
}

}  // namespace vitrine::recipes
