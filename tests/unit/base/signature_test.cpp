#include "base/signature.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine {
namespace {

// The key of RFC 8032, section 7.1, test 1, as PKCS #8, and its public half.
constexpr const char* kPrivate =
    "-----BEGIN PRIVATE "
    "KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE "
    "KEY-----\n";
constexpr const char* kPublic =
    "-----BEGIN PUBLIC "
    "KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
    "KEY-----\n";
constexpr const char* kEmptySignature =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
    "6bd25bf5f0595bbe24655141438e7a100b";

class SignatureTest : public testing::Test {
 protected:
  Ed25519Key key_of(const std::string& pem) {
    const auto path = folder_.path() / "key.pem";
    write_file_atomic(path, pem);
    return Ed25519Key::load(path);
  }
  test::TemporaryDirectory folder_;
};

TEST_F(SignatureTest, ThePublishedExampleIsSignedAndVerified) {
  const auto key = key_of(kPrivate);
  EXPECT_EQ(key.sign(""), kEmptySignature);
  const auto reader = key_of(kPublic);
  EXPECT_EQ(reader.id(), key.id());
  EXPECT_TRUE(reader.verify("", kEmptySignature));
  EXPECT_FALSE(reader.can_sign());
}

TEST_F(SignatureTest, AnotherMessageOrSignatureIsNotVerified) {
  const auto key = key_of(kPublic);
  EXPECT_FALSE(key.verify("x", kEmptySignature));
  std::string other = kEmptySignature;
  other[0] = 'f';
  EXPECT_FALSE(key.verify("", other));
  for (const char* bad : {"", "00", "xyz"}) EXPECT_FALSE(key.verify("", bad));
}

TEST_F(SignatureTest, AFileThatHoldsNoKeyIsCorrupt) {
  EXPECT_THROW(key_of("nothing"), Corrupt);
  EXPECT_THROW(key_of("-----BEGIN PRIVATE KEY-----\nMC4CAQA=\n-----END PRIVATE KEY-----\n"),
               Corrupt);
  EXPECT_THROW(key_of(kPublic).sign("x"), InvalidInput);
}

TEST(RandomHexTest, TwoNumbersDiffer) {
  EXPECT_EQ(random_hex(16).size(), 32u);
  EXPECT_NE(random_hex(16), random_hex(16));
}

}  // namespace
}  // namespace vitrine
