(function () {
  "use strict";
  var root = document.documentElement;
  // The radio buttons show a language without this script, too; here it is chosen first and remembered.
  function choose(language) {
    root.setAttribute("lang", language);
    document.querySelector('[data-choose="' + language + '"]').checked = true;
    document.title = document.body.getAttribute("data-title-" + language) || document.title;
  }
  function kept(language) {
    try {
      if (language) { localStorage.setItem("memberlens-language", language); }
      return localStorage.getItem("memberlens-language");
    } catch (refused) { return null; }
  }
  document.querySelectorAll("[data-choose]").forEach(function (button) {
    button.addEventListener("change", function () { choose(button.value); kept(button.value); });
  });
  var asked = (/[?#&]lang=(en|zh-CN)/.exec(location.href) || [])[1];
  var stated = { en: "en", zh: "zh-CN" }[root.getAttribute("data-first")];
  var spoken = /^zh\b/i.test(navigator.language || "") ? "zh-CN" : "en";
  var before = kept();
  choose(asked || (before === "en" || before === "zh-CN" ? before : null) || stated || spoken);
  document.querySelectorAll("[data-slider]").forEach(function (box) {
    var points = JSON.parse(document.getElementById("report-data").textContent).sections.economics.points;
    var input = box.querySelector("input");
    function show(name, text) { box.querySelector('[data-out="' + name + '"]').textContent = text; }
    function whole(value) { return Math.round(value).toLocaleString("en-GB"); }
    function update() {
      var share = Number(input.value), point = points[share];
      var spent = share * 100 * Number(box.getAttribute("data-cost"));
      show("share", share + "\u00a0%");
      show("threshold", (100 * point[1]).toFixed(1) + "\u00a0%");
      show("events", whole(point[0]));
      show("spent", whole(spent));
      show("net", whole(point[0] * Number(box.getAttribute("data-value")) - spent));
    }
    input.addEventListener("input", update);
    box.hidden = false;
    update();
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
