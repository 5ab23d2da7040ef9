(function () {
  "use strict";
  var root = document.documentElement;
  function choose(language) {
    root.setAttribute("data-lang", language);
    root.setAttribute("lang", language);
    document.querySelectorAll("[data-choose]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-choose") === language));
    });
    document.title = document.body.getAttribute("data-title-" + language) || document.title;
  }
  document.querySelectorAll("[data-choose]").forEach(function (button) {
    button.addEventListener("click", function () { choose(button.getAttribute("data-choose")); });
  });
  var asked = /[?#&]lang=(en|zh-CN)/.exec(location.href);
  choose(asked ? asked[1] : root.getAttribute("data-lang"));
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
