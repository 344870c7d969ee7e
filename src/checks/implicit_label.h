// checks/implicit_label.h - the implicit label of GB 45438-2025 Annex E: seven fields as JSON, and
// its integrity value.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/signature.h"
#include "base/utc_time.h"

namespace vitrine::checks {

struct ImplicitLabel {
  std::string label = "1";  // "1" is, "2" may be, "3" is suspected to be generated
  std::string content_producer, produce_id, reserved_code1;
  std::string content_propagator, propagate_id, reserved_code2;
};

/// {"AIGC":{…}} with the seven fields in the standard's order, one line, printable ASCII (other
/// characters as \uXXXX).
std::string annex_e_text(const ImplicitLabel& label);
Json annex_e_object(const ImplicitLabel& label);

struct ImplicitReading {
  std::optional<ImplicitLabel> label;  // all fields good
  std::string problem;                 // else why not: the field, what was expected, what is there
};
/// Reads the object with or without the outer AIGC key. Strict: seven strings in order and no more,
/// Label "1", "2" or "3", a producer and a number that are not empty.
ImplicitReading read_annex_e(const Json& json);
/// The same from text, which must be printable ASCII without spaces between its parts.
ImplicitReading read_annex_e_text(std::string_view text);

/// "vt-YYYYMMDD-" and 32 random hex digits: never the same twice.
std::string new_produce_id(UtcSeconds now);
/// Whether it has that form: made by this program, so its integrity value is one that we can check.
bool is_own_produce_id(std::string_view id);

/// SHA-256 (64 hex digits) of the content's parts one after the other, then the id; with a key,
/// "<hash>.ed25519.<key id>.<signature of the hash>".
std::string integrity_value(std::span<const std::string_view> content, std::string_view id,
                            const Ed25519Key* key);
std::string integrity_value(std::string_view content, std::string_view id, const Ed25519Key* key);

/// ok: the value is right. changed: content, id or signature are others. unsigned_: there is none
/// that can be checked.
enum class Integrity { ok, changed, unsigned_ };
std::string_view to_string(Integrity integrity);

struct IntegrityCheck {
  Integrity integrity = Integrity::unsigned_;
  std::string signature = "none";  // none | valid | not_checked (no key, or another one) | invalid
};
/// key: null = signatures are not checked.
IntegrityCheck check_integrity(std::span<const std::string_view> content, std::string_view id,
                               std::string_view value, const Ed25519Key* key);
IntegrityCheck check_integrity(std::string_view content, std::string_view id,
                               std::string_view value, const Ed25519Key* key);

}  // namespace vitrine::checks
