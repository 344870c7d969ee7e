// The page on which people choose between two texts. Blind: it holds no names of systems.
#include "base/error.h"
#include "recipes/arena.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>文案盲评 Blind comparison</title>
<style>
:root { color-scheme: light dark; --line: #8886; --mark: #2a6fdb; }
body { font: 16px/1.7 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; max-width: 1080px; margin: 0 auto; padding: 12px 16px 40px; }
h1 { font-size: 1.2rem; margin: 4px 0; }
small { opacity: .75; }
#bar { height: 6px; border: 1px solid var(--line); border-radius: 4px; margin: 8px 0; }
#done { height: 100%; width: 0; background: var(--mark); border-radius: 4px; }
#product span { display: inline-block; border: 1px solid var(--line); border-radius: 12px; padding: 0 10px; margin: 2px; font-size: .9rem; }
#texts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin: 12px 0; }
@media (max-width: 640px) { #texts { grid-template-columns: 1fr; } }
.text { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; min-height: 8em; white-space: pre-wrap; }
.text.chosen { outline: 3px solid var(--mark); }
.side { font-size: .85rem; opacity: .75; }
button { font: inherit; padding: 8px 14px; border: 1px solid var(--line); border-radius: 8px; cursor: pointer; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--mark); }
#choose { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; }
#foot { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-top: 20px; border-top: 1px solid var(--line); padding-top: 12px; }
input { font: inherit; padding: 6px 8px; max-width: 12em; }
[hidden] { display: none !important; }
</style>
</head>
<body>
<h1>哪一条文案更好？ <small>Which text is better?</small></h1>
<p><small>只看文案对这件商品好不好：说得对、说到特点、读着顺。按 1 选左边，2 选右边，0 差不多，← 回上一对。
Keys: 1 left, 2 right, 0 about equal, ← back.</small></p>
<div id="bar" role="progressbar" aria-label="进度 progress" aria-valuemin="0"><div id="done"></div></div>
<p id="progress" aria-live="polite"></p>
<p id="finished" role="status" hidden><strong>全部完成，请保存选择并交回文件。</strong> All done: please save the choices.</p>
<p id="unkept" role="alert" hidden>这个浏览器不保留选择，请不要关闭页面，完成后马上保存。Choices are not kept by this browser: save before you close the page.</p>
<main>
<p id="product"></p>
<div id="texts">
<section class="text" id="left" aria-label="左边 left"></section>
<section class="text" id="right" aria-label="右边 right"></section>
</div>
<div id="choose">
<button type="button" id="choose-left">1 左边更好 left</button>
<button type="button" id="choose-tie">0 差不多 equal</button>
<button type="button" id="choose-right">2 右边更好 right</button>
</div>
</main>
<div id="foot">
<button type="button" id="back">← 上一对 back</button>
<button type="button" id="next">下一对 next →</button>
<label>评审人 judge <input id="judge" autocomplete="off"></label>
<button type="button" id="save">保存选择 save choices</button>
</div>
<script type="application/json" id="data">)html";

constexpr std::string_view kTail = R"html(</script>
<script>
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const { arena, pairs } = JSON.parse($("data").textContent);
  const storeName = "vitrine-arena-" + arena;
  let state = { judge: "", choices: {} };
  let at = 0, shownAt = Date.now();

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(storeName));
      if (kept && kept.choices) state = kept;
    } catch (e) { $("unkept").hidden = false; }
  };
  const keep = () => {
    try { localStorage.setItem(storeName, JSON.stringify(state)); } catch (e) { $("unkept").hidden = false; }
  };
  const answered = () => pairs.filter((p) => state.choices[p.pair]).length;
  const firstOpen = () => pairs.findIndex((p) => !state.choices[p.pair]);

  const showProduct = (content) => {
    $("product").replaceChildren(...content.split("*").map((piece) => {
      const span = document.createElement("span");
      span.textContent = piece.replace("#", "：");
      return span;
    }));
  };
  const show = () => {
    const done = answered();
    $("bar").setAttribute("aria-valuemax", pairs.length);
    $("bar").setAttribute("aria-valuenow", done);
    $("done").style.width = (pairs.length ? 100 * done / pairs.length : 100) + "%";
    $("progress").textContent = pairs.length === 0 ? "没有需要比较的文案 nothing to compare"
        : "第 " + (at + 1) + " 对，共 " + pairs.length + " 对，已选 " + done + " 对";
    $("finished").hidden = done < pairs.length || pairs.length === 0;
    if (pairs.length === 0) return;
    const pair = pairs[at], choice = (state.choices[pair.pair] || {}).choice;
    showProduct(pair.product);
    for (const side of ["left", "right"]) {
      $(side).textContent = pair[side];
      $(side).classList.toggle("chosen", choice === side || choice === "tie");
    }
    shownAt = Date.now();
  };
  const go = (to) => { at = Math.min(Math.max(to, 0), Math.max(pairs.length - 1, 0)); show(); };
  const choose = (choice) => {
    if (pairs.length === 0) return;
    const now = Date.now(), wasOpen = !state.choices[pairs[at].pair];
    state.choices[pairs[at].pair] = { choice, ms: now - shownAt, time: new Date(now).toISOString() };
    keep();
    const open = firstOpen();
    if (!wasOpen || open < 0) go(at + 1); else go(open);
  };
  const lines = () => pairs.filter((p) => state.choices[p.pair])
      .map((p) => JSON.stringify({ arena, pair: p.pair, ...state.choices[p.pair], judge: state.judge }) + "\n").join("");
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines()], { type: "application/jsonl" }));
    link.download = "choices-" + arena + (state.judge ? "-" + state.judge.replace(/[^\p{L}\p{N}_-]/gu, "_") : "") + ".jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  $("choose-left").onclick = () => choose("left");
  $("choose-right").onclick = () => choose("right");
  $("choose-tie").onclick = () => choose("tie");
  $("back").onclick = () => go(at - 1);
  $("next").onclick = () => go(at + 1);
  $("save").onclick = save;
  $("judge").oninput = () => { state.judge = $("judge").value.trim(); keep(); };
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "judge" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const action = { "1": () => choose("left"), "2": () => choose("right"), "0": () => choose("tie"),
                     ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1) }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  load();
  $("judge").value = state.judge;
  go(Math.max(firstOpen(), 0));
})();
</script>
</body>
</html>
)html";

/// JSON that may stand inside a script element: no tag can begin in it.
std::string script_json(const Json& json) {
  std::string text;
  for (const char c : dump_line(json))
    text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

}  // namespace

std::string arena_html(const std::string& arena_id, const Json& pairs) {
  return concat(kHead, script_json({{"arena", arena_id}, {"pairs", pairs}}), kTail);
}

}  // namespace vitrine::recipes
