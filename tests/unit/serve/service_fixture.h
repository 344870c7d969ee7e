// service_fixture.h - a server without sockets and without models: requests go to the dispatcher.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "serve/dispatcher.h"
#include "serve/first_start.h"
#include "serve/job_handlers.h"
#include "serve/operations.h"
#include "serve/passwords.h"
#include "serve/service.h"
#include "serve/wire.h"
#include "store/plans.h"
#include "support/temporary_directory.h"

namespace vitrine::serve {

/// Whoever asks: nobody, a browser or a program.
struct Asker {
  std::string cookie, csrf, token;
};

/// What a request has beside its address.
struct Ask {
  std::string body = {};
  std::string type = "application/json";
  std::map<std::string, std::string, std::less<>> headers = {};
  std::shared_ptr<Upload> upload = {};
};

class ServiceTest : public testing::Test {
 protected:
  explicit ServiceTest(ServeHooks hooks = {}, ServeConfig config = {}) {
    config.data = folder_.path().string();
    service_.emplace(config, std::move(hooks));
    for (const char* shop : {"s1", "s2"}) add_shop(shop);
    add_job_handlers(*service_);
    dispatcher_.emplace(*service_, all_operations());
  }

  /// With accounts writer-<shop>, reviewer-<shop>, admin-<shop> (password "<role>-password"), product
  /// p1, plan l1, candidates c1 and c2.
  void add_shop(const std::string& id) {
    auto loan = service_->database.borrow();
    store::Transaction transaction(*loan);
    store::Shop shop{.id = id, .name = "shop " + id, .producer = "91310000XXXXXXXXXX", .label_wording = "（本文由AI生成）", .created_at = store::utc_now()};
    store::Shops(*loan).add(shop);
    for (const auto role : {store::Role::writer, store::Role::reviewer, store::Role::admin}) {
      const std::string word(to_word(role));
      store::Users(*loan, id).add({.id = "u-" + word, .name = word + "-" + id, .role = role, .active = true, .created_at = store::utc_now(), .seen_at = {}},
                                  hash_password(word + "-password", {.log2_n = 4, .p = 1}));
    }
    add_product(*loan, id);
    transaction.commit();
  }

  static void add_product(store::Connection& connection, const std::string& shop_id) {
    data::Product product;
    product.id = "p1";
    product.source = {.file = "shop.csv", .row = 2, .format = "csv", .licence = "own goods", .extra = {}};
    product.title_raw = "真丝连衣裙 of " + shop_id;
    for (const auto& [key, value] : {std::pair("类型", "裙"), std::pair("材质", "真丝"), std::pair("颜色", "墨绿色")}) data::add_attribute(product, key, value);
    store::Products(connection, shop_id).put({store::product_entry(product, "")}, store::utc_now());
    store::Plan plan;
    plan.id = "l1";
    plan.product_id = "p1";
    plan.field = "description";
    plan.style = "taobao";
    plan.length = 110;
    plan.factors = R"({"field":"description","style":"taobao","platform":"","length":110,"audience":"","keywords":[],"pin":[],"order":[],"drop":[]})";
    plan.document = R"({"id":"l1","points":[]})";
    plan.created_at = store::utc_now();
    store::Plans(connection, shop_id).add(plan);
    store::Candidates(connection, shop_id).add({candidate("c1", "这款真丝连衣裙选用墨绿色，光泽柔和。"), candidate("c2", "全网最低价的连衣裙，真丝面料，墨绿色。")});
  }

  static store::Candidate candidate(const std::string& id, const std::string& text) {
    store::Candidate c;
    c.id = id;
    c.product_id = "p1";
    c.job_id = "job-1";
    c.plan_id = "l1";
    c.text = text;
    c.origin = "model";
    c.verdict = "no_hit";
    c.details = R"({"scores":{"coverage":1},"hits":[],"claims":[]})";
    c.params = "{}";
    c.search_text = text;
    c.created_at = store::utc_now();
    return c;
  }

  HttpResponse ask(const Asker& asker, const std::string& method, const std::string& address, Ask more = {}) {
    HttpRequest request;
    request.method = method;
    const size_t question = std::min(address.find('?'), address.size());
    request.path = address.substr(0, question);
    request.query = parse_query(address.substr(std::min(question + 1, address.size()))).value();
    request.headers = more.headers;
    request.headers.emplace("content-type", more.type);
    if (!asker.cookie.empty()) request.headers["cookie"] = "vitrine_session=" + asker.cookie;
    if (!asker.csrf.empty()) request.headers["x-csrf-token"] = asker.csrf;
    if (!asker.token.empty()) request.headers["authorization"] = "Bearer " + asker.token;
    request.remote_address = address_;
    return dispatcher_->answer(request, [&](HttpRequest& into, BodyKind) {
      into.body = more.body;
      into.upload = more.upload;
    });
  }
  HttpResponse send(const Asker& asker, const std::string& method, const std::string& address, const Json& body) {
    return ask(asker, method, address, {.body = dump_line(body)});
  }

  /// "200", "404 unknown".
  static std::string outcome(const HttpResponse& response) {
    const std::string status = std::to_string(response.status);
    return response.status < 400 ? status : status + " " + parse_json(response.body, "problem").at("code").get<std::string>();
  }
  static Json json_of(const HttpResponse& response) {
    EXPECT_LT(response.status, 400) << response.body;
    return parse_json(response.body, "answer");
  }

  Asker sign_in(const std::string& role, const std::string& shop = "s1") {
    const HttpResponse response = send({}, "POST", "/api/v1/session", {{"name", role + "-" + shop}, {"password", role + "-password"}});
    Asker asker;
    asker.csrf = json_of(response).at("csrf_token");
    for (const auto& [name, value] : response.headers) {
      if (name == "Set-Cookie") asker.cookie = value.substr(16, value.find(';') - 16);
    }
    return asker;
  }

  test::TemporaryDirectory folder_;
  std::string address_ = "192.0.2.1";  // of who asks
  std::optional<Service> service_;
  std::optional<Dispatcher> dispatcher_;
};

}  // namespace vitrine::serve
