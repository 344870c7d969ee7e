// support/sequences.h - sequences of a decoder, compared bit for bit.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "generation/decoder.h"

namespace vitrine::test {

inline void expect_same(const std::vector<generation::Sequence>& a,
                        const std::vector<generation::Sequence>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].tokens, b[i].tokens) << what << ", sequence " << i;
    EXPECT_EQ(a[i].logprob, b[i].logprob) << what << ", sequence " << i;
    EXPECT_EQ(a[i].token_logprobs, b[i].token_logprobs) << what << ", sequence " << i;
    EXPECT_EQ(a[i].score, b[i].score) << what << ", sequence " << i;
    EXPECT_EQ(a[i].finished, b[i].finished) << what << ", sequence " << i;
    EXPECT_EQ(a[i].end, b[i].end) << what << ", sequence " << i;
    EXPECT_EQ(a[i].stop, b[i].stop) << what << ", sequence " << i;
  }
}

}  // namespace vitrine::test
