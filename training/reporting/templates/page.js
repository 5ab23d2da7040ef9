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
  function whole(value) { return Math.round(value).toLocaleString("en-GB").replace("-", "\u2212"); }
  // What each kind of slider tells at a place: texts by the name of their output.
  var told = {
    share: function (data, box) {
      var points = data.sections.economics.points;
      return function (share) {
        var point = points[share], spent = share * 100 * Number(box.getAttribute("data-cost"));
        return {
          share: share + "\u00a0%", threshold: (100 * point[1]).toFixed(1) + "\u00a0%",
          events: whole(point[0]), spent: whole(spent),
          net: whole(point[0] * Number(box.getAttribute("data-value")) - spent)
        };
      };
    },
    budget: function (data) {
      var curve = data.curve;
      return function (at) {
        var spend = curve.spend[at], gain = curve.gain[at], before = Math.max(at - 1, 0);
        var step = spend - curve.spend[before];
        return {
          spend: whole(spend), gain: whole(gain), net: whole(gain - spend),
          interval: curve.low ? whole(curve.low[at]) + " \u2013 " + whole(curve.high[at]) : "\u2013",
          more: step > 0 ? ((gain - curve.gain[before]) / step).toFixed(1) : "\u2013"
        };
      };
    }
  };
  document.querySelectorAll("[data-slider]").forEach(function (box) {
    var data = JSON.parse(document.getElementById("report-data").textContent);
    var input = box.querySelector("input"), at = told[box.getAttribute("data-slider")](data, box);
    function update() {
      var texts = at(Number(input.value));
      Object.keys(texts).forEach(function (name) {
        box.querySelector('[data-out="' + name + '"]').textContent = texts[name];
      });
    }
    input.addEventListener("input", update);
    box.hidden = false;
    update();
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
