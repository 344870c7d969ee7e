#include "checks/claim_ledger.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"

namespace vitrine::checks {
namespace {

constexpr std::string_view kAttribute = "attr:", kDocument = "doc:";

std::string text_of(const Json& json, const char* field) {
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The record's document with this id; null = there is none.
const Json* find_document(const data::Product& product, std::string_view id) {
  const auto docs = product.extra.find("docs");
  if (docs == product.extra.end() || !docs->is_array()) return nullptr;
  for (const Json& document : *docs) {
    if (document.is_object() && text_of(document, "id") == id) return &document;
  }
  return nullptr;
}

const data::Attribute* find_attribute(const data::Product& product, std::string_view id) {
  const auto& all = product.attributes;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const data::Attribute& a) { return a.id == id; });
  return found == all.end() ? nullptr : &*found;
}

/// What an evidence id stands for in a record now; nothing when it is gone. A document has no
/// value.
std::optional<std::string> value_now(const data::Product& product, std::string_view evidence) {
  if (evidence.starts_with(kAttribute)) {
    const auto* attribute = find_attribute(product, evidence.substr(kAttribute.size()));
    return attribute == nullptr ? std::nullopt : std::optional(attribute->val);
  }
  std::string value;
  if (evidence == "brand") value = product.brand;
  if (evidence == "title") value = product.title_raw;
  if (evidence == "price" && product.extra.contains("price"))
    value = dump_line(product.extra.at("price"));
  return value.empty() ? std::nullopt : std::optional(value);
}

/// The document that an evidence id leads to: its own, or that of the attribute.
std::string document_behind(const data::Product& product, std::string_view evidence) {
  if (evidence.starts_with(kDocument)) return std::string(evidence.substr(kDocument.size()));
  if (!evidence.starts_with(kAttribute)) return "";
  const auto* attribute = find_attribute(product, evidence.substr(kAttribute.size()));
  if (attribute == nullptr || attribute->evidence_id.empty()) return "";
  std::string_view id = attribute->evidence_id;
  if (id.starts_with(kDocument)) id.remove_prefix(kDocument.size());
  return find_document(product, id) == nullptr ? "" : std::string(id);
}

void add_document(const std::string& id, const data::Product& product,
                  std::vector<LedgerDocument>& documents) {
  const bool there = std::any_of(documents.begin(), documents.end(),
                                 [&](const LedgerDocument& d) { return d.id == id; });
  if (id.empty() || there) return;
  LedgerDocument& document = documents.emplace_back(
      LedgerDocument{.id = id, .type = {}, .issuer = {}, .valid_to = {}, .sha256 = {}});
  const Json* record = find_document(product, id);
  if (record == nullptr) return;
  document.type = text_of(*record, "type");
  document.issuer = text_of(*record, "issuer");
  document.valid_to = text_of(*record, "valid_to");
  document.sha256 = text_of(*record, "sha256");
}

LedgerRow row_of(const Claim& claim, const data::Product& product) {
  LedgerRow row;
  row.product_id = product.id;
  row.claim = row.value = claim.value;
  row.begin = claim.begin;
  row.end = claim.end;
  row.type = claim.type;
  row.support = to_string(claim.support);
  for (const std::string& evidence : claim.evidence) {
    row.proofs.push_back(
        {.evidence = evidence, .value = value_now(product, evidence).value_or("")});
    add_document(document_behind(product, evidence), product, row.documents);
  }
  if (!row.proofs.empty() && !row.proofs.front().value.empty())
    row.value = row.proofs.front().value;
  return row;
}

void check_proof(const Proof& proof, const data::Product& product,
                 std::vector<std::string>& reasons) {
  if (proof.evidence.starts_with(kDocument)) return;  // with the documents
  const auto value = value_now(product, proof.evidence);
  if (!value)
    reasons.push_back(concat("attribute_gone ", proof.evidence));
  else if (*value != proof.value)
    reasons.push_back(concat("value_changed ", proof.evidence, " ", proof.value, " -> ", *value));
}

void check_document_file(const LedgerDocument& document, const Json& record,
                         const DocumentHash& hash, std::vector<std::string>& reasons) {
  if (!hash || text_of(record, "file").empty()) return;
  const auto now = hash(record);
  if (!now)
    reasons.push_back(concat("file_gone doc:", document.id, " ", text_of(record, "file")));
  else if (!document.sha256.empty() && *now != document.sha256)
    reasons.push_back(concat("file_changed doc:", document.id, " ", text_of(record, "file")));
}

void check_document(const LedgerDocument& document, const data::Product& product, UtcSeconds now,
                    const DocumentHash& hash, std::vector<std::string>& reasons) {
  const Json* record = find_document(product, document.id);
  if (record == nullptr) {
    reasons.push_back(concat("document_gone doc:", document.id));
    return;
  }
  const std::string today = to_iso_date(now), valid_to = text_of(*record, "valid_to");
  if (!valid_to.empty() && valid_to < today)
    reasons.push_back(concat("document_expired doc:", document.id, " ", valid_to));
  if (text_of(*record, "sha256") != document.sha256)
    reasons.push_back(concat("document_changed doc:", document.id));
  check_document_file(document, *record, hash, reasons);
}

const Json& required(const Json& json, const char* field, std::string_view where) {
  const auto found = json.find(field);
  VITRINE_REQUIRE(found != json.end(), "[read_ledger] ", where, ": ", field, ": missing");
  return *found;
}

std::string required_text(const Json& json, const char* field, std::string_view where) {
  const Json& value = required(json, field, where);
  VITRINE_REQUIRE(value.is_string(), "[read_ledger] ", where, ": ", field,
                  ": expected a string, got ", value.dump());
  return value.get<std::string>();
}

/// The array of objects under a field.
const Json& required_objects(const Json& json, const char* field, std::string_view where) {
  const Json& value = required(json, field, where);
  const bool good = value.is_array() && std::all_of(value.begin(), value.end(),
                                                    [](const Json& v) { return v.is_object(); });
  VITRINE_REQUIRE(good, "[read_ledger] ", where, ": ", field,
                  ": expected an array of objects, got ", value.dump());
  return value;
}

void read_span(const Json& json, std::string_view where, LedgerRow& row) {
  const Json& span = required(json, "span", where);
  const bool good = span.is_array() && span.size() == 2 && span[0].is_number_unsigned() &&
                    span[1].is_number_unsigned();
  VITRINE_REQUIRE(good, "[read_ledger] ", where, ": span: expected [begin, end], got ",
                  span.dump());
  row.begin = span[0].get<size_t>();
  row.end = span[1].get<size_t>();
}

}  // namespace

std::vector<LedgerRow> ledger_rows(std::string_view text, std::span<const Claim> claims,
                                   const data::Product& product, const Acceptance& acceptance) {
  const std::string text_sha256 = sha256_hex(text);
  std::vector<LedgerRow> rows;
  for (const Claim& claim : claims) {
    LedgerRow& row = rows.emplace_back(row_of(claim, product));
    row.text_id = acceptance.text_id;
    row.text_sha256 = text_sha256;
    row.reviewer = acceptance.reviewer;
    row.time = to_iso_time(acceptance.time);
    row.ruleset = acceptance.ruleset;
    row.ruleset_sha256 = acceptance.ruleset_sha256;
  }
  return rows;
}

Json to_json(const LedgerRow& row) {
  Json json = {
      {"text_id", row.text_id},    {"product_id", row.product_id}, {"text_sha256", row.text_sha256},
      {"claim", row.claim},        {"span", {row.begin, row.end}}, {"type", row.type},
      {"value", row.value},        {"support", row.support},       {"evidence", Json::array()},
      {"documents", Json::array()}};
  for (const Proof& proof : row.proofs)
    json["evidence"].push_back({{"id", proof.evidence}, {"value", proof.value}});
  for (const LedgerDocument& document : row.documents) {
    json["documents"].push_back({{"id", document.id},
                                 {"type", document.type},
                                 {"issuer", document.issuer},
                                 {"valid_to", document.valid_to},
                                 {"sha256", document.sha256}});
  }
  json["reviewer"] = row.reviewer;
  json["time"] = row.time;
  json["ruleset"] = row.ruleset;
  json["ruleset_sha256"] = row.ruleset_sha256;
  return json;
}

LedgerRow ledger_row_from_json(const Json& json, std::string_view where) {
  VITRINE_REQUIRE(json.is_object(), "[read_ledger] ", where, ": expected an object");
  LedgerRow row;
  const std::pair<const char*, std::string LedgerRow::*> texts[] = {
      {"text_id", &LedgerRow::text_id},
      {"product_id", &LedgerRow::product_id},
      {"text_sha256", &LedgerRow::text_sha256},
      {"claim", &LedgerRow::claim},
      {"type", &LedgerRow::type},
      {"value", &LedgerRow::value},
      {"support", &LedgerRow::support},
      {"reviewer", &LedgerRow::reviewer},
      {"time", &LedgerRow::time},
      {"ruleset", &LedgerRow::ruleset},
      {"ruleset_sha256", &LedgerRow::ruleset_sha256}};
  for (const auto& [name, member] : texts) row.*member = required_text(json, name, where);
  read_span(json, where, row);
  for (const Json& proof : required_objects(json, "evidence", where)) {
    row.proofs.push_back({.evidence = required_text(proof, "id", where),
                          .value = required_text(proof, "value", where)});
  }
  for (const Json& document : required_objects(json, "documents", where)) {
    row.documents.push_back({.id = required_text(document, "id", where),
                             .type = required_text(document, "type", where),
                             .issuer = required_text(document, "issuer", where),
                             .valid_to = required_text(document, "valid_to", where),
                             .sha256 = required_text(document, "sha256", where)});
  }
  return row;
}

std::string ledger_jsonl(std::span<const LedgerRow> rows) {
  std::string lines;
  for (const LedgerRow& row : rows) lines += dump_line(to_json(row)) + "\n";
  return lines;
}

std::vector<LedgerRow> read_ledger(std::string_view jsonl, std::string_view where) {
  std::vector<LedgerRow> rows;
  int64_t line_number = 0;
  while (!jsonl.empty()) {
    const size_t end = std::min(jsonl.find('\n'), jsonl.size());
    const std::string_view line = jsonl.substr(0, end);
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
    ++line_number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string place = concat(where, " line ", line_number);
    rows.push_back(ledger_row_from_json(parse_json(line, place), place));
  }
  return rows;
}

std::string_view to_string(LedgerColour colour) {
  constexpr std::string_view kNames[] = {"green", "grey", "red"};
  return kNames[static_cast<size_t>(colour)];
}

LedgerVerdict reevaluate(const LedgerRow& row, const data::Product* product, UtcSeconds now,
                         const DocumentHash& hash) {
  if (row.support == "harmless") return {};
  if (product == nullptr) return {.colour = LedgerColour::red, .reasons = {"product_gone"}};
  if (row.support != "entailed") return {.colour = LedgerColour::grey, .reasons = {}};
  LedgerVerdict verdict;
  bool holds = false;  // one proof at least is what it was
  if (row.proofs.empty()) verdict.reasons.push_back("no_evidence");
  for (const Proof& proof : row.proofs) {
    const size_t before = verdict.reasons.size();
    check_proof(proof, *product, verdict.reasons);
    holds = holds || verdict.reasons.size() == before;
  }
  const size_t of_values = verdict.reasons.size();
  for (const LedgerDocument& document : row.documents)
    check_document(document, *product, now, hash, verdict.reasons);
  const bool documents_hold = verdict.reasons.size() == of_values;
  verdict.colour = holds && documents_hold ? LedgerColour::green : LedgerColour::red;
  return verdict;
}

}  // namespace vitrine::checks
