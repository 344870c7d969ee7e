// The part of CopyWriter that puts candidates into a style by rule.
#include "checks/checker.h"
#include "copywriting/copy_writer.h"
#include "copywriting/fields.h"
#include "copywriting/style.h"
#include "text/utf8.h"

namespace vitrine::copywriting {

/// The text in the style; what was there stays as the unstyled text.
void CopyWriter::dress(const Prepared& prepared, const Plan& plan, Candidate& candidate) const {
  const std::string plain = candidate.text;
  const auto* limit = checks::Checker::shipped().lengths().find_limit(config_.platform, config_.field);
  const auto key = candidate_key(config_.seed, prepared.product.id, candidate.index).fold_in("style");
  candidate.text = apply_style(plain, prepared.product, plan, *style_, key, limit);
  candidate.unstyled = candidate.text == plain ? "" : plain;
}

/// A sentence that the checks ask for and append goes to the others, before the tags.
void CopyWriter::style_and_check(const Prepared& prepared, const Plan& plan, Candidate& candidate) const {
  candidate.unstyled.clear();
  if (style_ == nullptr || !text::is_valid_utf8(candidate.text)) return check(prepared, candidate);
  dress(prepared, plan, candidate);
  const std::string dressed = candidate.text;
  check(prepared, candidate);
  if (candidate.text != dressed && !candidate.unstyled.empty()) {
    constexpr std::string_view kStop = "。";
    std::string added = candidate.text.substr(dressed.size());
    if (added.starts_with(kStop)) added.erase(0, kStop.size());
    candidate.text = candidate.unstyled + added + std::string(kStop);
    dress(prepared, plan, candidate);
    check(prepared, candidate);
  }
  candidate.style = share_kept(check_style(candidate.text, *style_));
}

/// Cuts the text below the style and puts it into the style again, where the style's own means were not enough.
void CopyWriter::fit_plain(const Prepared& prepared, const Plan& plan, const checks::Limit& limit, Candidate& candidate) const {
  const auto length = checks::length_in(checks::measure_lengths(candidate.text), limit.unit);
  if (candidate.unstyled.empty() || !limit.max || length <= *limit.max) return;
  const auto fitted = fit_text(candidate.unstyled, prepared.product, plan, limit, least_overhead(*style_, limit.unit));
  if (!fitted) return;
  candidate.text = fitted->after;
  style_and_check(prepared, plan, candidate);
}

}  // namespace vitrine::copywriting
