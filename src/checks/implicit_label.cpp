#include "checks/implicit_label.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/hash.h"

namespace vitrine::checks {
namespace {

using Field = std::pair<const char*, std::string ImplicitLabel::*>;

constexpr std::array<Field, 7> kFields = {{
    {"Label", &ImplicitLabel::label},
    {"ContentProducer", &ImplicitLabel::content_producer},
    {"ProduceID", &ImplicitLabel::produce_id},
    {"ReservedCode1", &ImplicitLabel::reserved_code1},
    {"ContentPropagator", &ImplicitLabel::content_propagator},
    {"PropagateID", &ImplicitLabel::propagate_id},
    {"ReservedCode2", &ImplicitLabel::reserved_code2},
}};
constexpr std::string_view kOuterKey = "AIGC", kIdStart = "vt-", kSigned = ".ed25519.",
                           kHexDigits = "0123456789abcdef";
constexpr size_t kHashDigits = 64, kKeyIdDigits = 16;

ImplicitReading fault(const std::string& problem) {
  return {.label = std::nullopt, .problem = problem};
}

std::string hash_of(std::span<const std::string_view> content, std::string_view id) {
  Sha256 hash;
  for (const std::string_view part : content) hash.add(part);
  hash.add(id);
  return hash.hex();
}

ImplicitReading checked(ImplicitLabel label) {
  if (label.label != "1" && label.label != "2" && label.label != "3")
    return fault(concat("Label: expected \"1\", \"2\" or \"3\", got \"", label.label, "\""));
  if (label.content_producer.empty())
    return fault("ContentProducer: expected a name or code, got an empty one");
  if (label.produce_id.empty()) return fault("ProduceID: expected a number, got an empty one");
  return {.label = std::move(label), .problem = {}};
}

}  // namespace

Json annex_e_object(const ImplicitLabel& label) {
  Json fields = Json::object();
  for (const auto& [name, member] : kFields) fields[name] = label.*member;
  return {{std::string(kOuterKey), std::move(fields)}};
}

std::string annex_e_text(const ImplicitLabel& label) {
  return annex_e_object(label).dump(-1, ' ', true);
}

ImplicitReading read_annex_e(const Json& json) {
  if (!json.is_object()) return fault("expected an object");
  const Json& fields =
      json.size() == 1 && json.begin().key() == kOuterKey ? json.begin().value() : json;
  if (!fields.is_object() || fields.size() != kFields.size())
    return fault("expected the seven fields of Annex E and no others");
  ImplicitLabel label;
  auto place = fields.begin();
  for (const auto& [name, member] : kFields) {
    if (place.key() != name) return fault(concat(name, ": expected here, got ", place.key()));
    if (!place.value().is_string())
      return fault(concat(name, ": expected a string, got ", place.value().dump()));
    label.*member = place.value().get<std::string>();
    ++place;
  }
  return checked(std::move(label));
}

ImplicitReading read_annex_e_text(std::string_view text) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!ascii) return fault("expected printable ASCII");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return fault("not JSON");
  if (json.dump(-1, ' ', true) != text) return fault("expected compact JSON with each field once");
  return read_annex_e(json);
}

std::string new_produce_id(UtcSeconds now) {
  return concat(kIdStart, to_compact_date(now), "-", random_hex(16));
}

bool is_own_produce_id(std::string_view id) {
  constexpr size_t kDateEnd = 11;
  return id.size() == kDateEnd + 33 && id.starts_with(kIdStart) && id[kDateEnd] == '-' &&
         id.substr(3, 8).find_first_not_of("0123456789") == id.npos &&
         id.substr(kDateEnd + 1).find_first_not_of(kHexDigits) == id.npos;
}

std::string integrity_value(std::span<const std::string_view> content, std::string_view id,
                            const Ed25519Key* key) {
  const std::string hash = hash_of(content, id);
  return key == nullptr ? hash : concat(hash, kSigned, key->id(), ".", key->sign(hash));
}

std::string integrity_value(std::string_view content, std::string_view id, const Ed25519Key* key) {
  return integrity_value(std::span(&content, 1), id, key);
}

std::string_view to_string(Integrity integrity) {
  constexpr std::string_view kNames[] = {"ok", "changed", "unsigned"};
  return kNames[static_cast<size_t>(integrity)];
}

IntegrityCheck check_integrity(std::span<const std::string_view> content, std::string_view id,
                               std::string_view value, const Ed25519Key* key) {
  if (!is_own_produce_id(id)) return {};
  const std::string hash = hash_of(content, id);
  if (value == hash) return {.integrity = Integrity::ok};
  const std::string head = hash + std::string(kSigned);
  if (!value.starts_with(head) || value.size() < head.size() + kKeyIdDigits + 1)
    return {.integrity = Integrity::changed};
  const std::string_view key_id = value.substr(head.size(), kKeyIdDigits);
  if (key == nullptr || key->id() != key_id)
    return {.integrity = Integrity::ok, .signature = "not_checked"};
  if (key->verify(hash, value.substr(head.size() + kKeyIdDigits + 1)))
    return {.integrity = Integrity::ok, .signature = "valid"};
  return {.integrity = Integrity::changed, .signature = "invalid"};
}

IntegrityCheck check_integrity(std::string_view content, std::string_view id,
                               std::string_view value, const Ed25519Key* key) {
  return check_integrity(std::span(&content, 1), id, value, key);
}

}  // namespace vitrine::checks
