// checks/claim_ledger.h - what an accepted text claims and what proved it then: one row a claim,
// read again later against the product as it is now. docs/formats/claim_ledger.md describes the
// rows.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/utc_time.h"
#include "checks/claims.h"
#include "data/product.h"

namespace vitrine::checks {

/// One thing that proves a claim, as it was when the text was accepted.
struct Proof {
  std::string evidence;  // attr:<id> | brand | title | price | doc:<id>
  std::string
      value;  // canonical value of the attribute, or brand, title, price; empty for a document
};

/// A document behind a claim: named by the claim itself, or by the attribute that proves it
/// (`evidence_id`).
struct LedgerDocument {
  std::string id;
  std::string type, issuer, valid_to;  // as the record has them; valid_to YYYY-MM-DD or empty
  std::string sha256;                  // of its file; may be empty
};

struct LedgerRow {
  std::string text_id, product_id, text_sha256;
  std::string claim;          // the words of the text
  size_t begin = 0, end = 0;  // code points of the text, half-open
  std::string type, value;    // type of Claim; value: what proved it, else the words
  std::string support;        // entailed | unsupported | contradicted | harmless
  std::vector<Proof> proofs;
  std::vector<LedgerDocument> documents;
  std::string reviewer, time;  // who accepted the text, and when (ISO, UTC)
  std::string ruleset, ruleset_sha256;
};

/// Who accepted a text, when, and by which rules it was checked.
struct Acceptance {
  std::string text_id, reviewer;
  UtcSeconds time{};
  std::string ruleset, ruleset_sha256;
};

/// One row a claim, in order of the claims, which are those of `text`.
std::vector<LedgerRow> ledger_rows(std::string_view text, std::span<const Claim> claims,
                                   const data::Product& product, const Acceptance& acceptance);

Json to_json(const LedgerRow& row);
/// Throws InvalidInput, naming `where`, field and value.
LedgerRow ledger_row_from_json(const Json& json, std::string_view where);

/// One JSON object a line. read_ledger throws Corrupt or InvalidInput naming the line.
std::string ledger_jsonl(std::span<const LedgerRow> rows);
std::vector<LedgerRow> read_ledger(std::string_view jsonl, std::string_view where);

/// The SHA-256 of a document's file now; nothing when the file is not there. Absent function =
/// files are not looked at.
using DocumentHash = std::function<std::optional<std::string>(const Json& document)>;

/// green: one of the proofs at least and all documents behind the claim are what they were, or it
/// needs no proof. red: no proof is left, or a document is gone, expired or another one now. grey:
/// it had no proof when it was accepted.
enum class LedgerColour { green, grey, red };
std::string_view to_string(LedgerColour colour);

struct LedgerVerdict {
  LedgerColour colour = LedgerColour::green;
  std::vector<std::string>
      reasons;  // what changed: "attribute_gone attr:a1", "document_expired doc:d1 2026-01-01", …
};

/// What the row's support is worth on a day. product: the record now; null = it is gone.
/// Reasons: product_gone, no_evidence, attribute_gone, value_changed, document_gone,
/// document_expired, document_changed, file_gone, file_changed.
LedgerVerdict reevaluate(const LedgerRow& row, const data::Product* product, UtcSeconds now,
                         const DocumentHash& hash = {});

}  // namespace vitrine::checks
