//! A recording that tries everything to run, to load and to get out.

use serde_json::{Value, json};

/// Names that end in this are looked up by nobody: a look-up shows in the browser's own log.
pub const NAMES: &str = "canary-name.test";

/// Addresses of this machine, its network and cloud metadata, in every notation.
pub fn addresses(port: u16) -> Vec<String> {
    let mut all: Vec<String> = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localtest.me",
    ]
    .iter()
    .map(|host| format!("http://{host}:{port}/address"))
    .collect();
    all.extend(
        [
            "http://127.0.0.1/",
            "https://127.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[fd00:ec2::254]/",
            "http://metadata.google.internal/",
            "http://100.100.100.200/",
            "http://10.0.0.1/",
            "http://192.168.0.1/",
            "file:///etc/passwd",
            "chrome://version/",
            "chrome-extension://abc/x.js",
            "view-source:http://127.0.0.1/",
            "filesystem:http://127.0.0.1/temporary/x",
            "ftp://127.0.0.1/",
            "blob:http://127.0.0.1/x",
        ]
        .map(str::to_owned),
    );
    all
}

/// A script that leaves a mark and calls home in every way it knows.
fn script(port: u16) -> String {
    format!(
        "top.pwned=1;parent.pwned=1;window.pwned=1;new Image().src='http://127.0.0.1:{port}/script';\
         fetch('http://127.0.0.1:{port}/fetch');navigator.sendBeacon('http://127.0.0.1:{port}/beacon');\
         new WebSocket('ws://127.0.0.1:{port}/socket');new EventSource('http://127.0.0.1:{port}/events');\
         navigator.serviceWorker.register('http://127.0.0.1:{port}/worker.js');\
         new Worker('http://127.0.0.1:{port}/worker.js');import('http://127.0.0.1:{port}/module.js');\
         var c=new RTCPeerConnection({{iceServers:[{{urls:'stun:127.0.0.1:{port}'}}]}});c.createDataChannel('x');\
         c.createOffer().then(o=>c.setLocalDescription(o));window.open('http://127.0.0.1:{port}/open');\
         location='http://127.0.0.1:{port}/location'"
    )
}

/// Builds nodes with numbers of their own.
pub struct Builder {
    next: i64,
    pub port: u16,
}

impl Builder {
    pub fn new(port: u16) -> Self {
        Builder { next: 10, port }
    }

    fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    fn url(&mut self, what: &str) -> String {
        // Half of them by address, half by name.
        match self.id() % 2 {
            0 => format!("http://127.0.0.1:{}/{what}", self.port),
            _ => format!("http://{what}-{}.{NAMES}/{what}", self.next),
        }
    }

    pub fn element(&mut self, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
        json!({"type": 2, "id": self.id(), "tagName": tag, "attributes": attributes, "childNodes": children})
    }

    fn svg(&mut self, tag: &str, attributes: Value, children: Vec<Value>) -> Value {
        let mut element = self.element(tag, attributes, children);
        element["isSVG"] = json!(true);
        element
    }

    fn text(&mut self, text: &str) -> Value {
        json!({"type": 3, "id": self.id(), "textContent": text})
    }

    /// `<html>` with all of it, and again in the document of a frame.
    pub fn page(&mut self, depth: u32) -> Value {
        let head = self.head();
        let mut body = self.scripts();
        body.extend(self.loads());
        body.extend(self.documents());
        if depth > 0 {
            let inner = self.page(depth - 1);
            let document = json!({"type": 0, "id": self.id(), "childNodes": [inner]});
            let src = self.url("frame");
            let frame = self.element(
                "iframe",
                json!({"src": src, "sandbox": "allow-scripts allow-top-navigation"}),
                vec![document],
            );
            body.push(frame);
        }
        let script = script(self.port);
        let attributes = json!({"onload": script, "onpageshow": script, "onfocus": script, "background": self.url("body")});
        let head = self.element("head", json!({}), head);
        let body = self.element("body", attributes, body);
        self.element(
            "html",
            json!({"manifest": "http://127.0.0.1/m"}),
            vec![head, body],
        )
    }

    fn head(&mut self) -> Vec<Value> {
        let mut head = Vec::new();
        for rel in [
            "prefetch",
            "preload",
            "preconnect",
            "dns-prefetch",
            "modulepreload",
            "stylesheet",
            "icon",
            "manifest",
            "import",
            "prerender",
            "next",
            "pingback",
            "search",
            "alternate stylesheet",
            "apple-touch-icon",
        ] {
            let href = self.url("link");
            head.push(self.element(
                "link",
                json!({"rel": rel, "href": href, "as": "script", "imagesrcset": href}),
                vec![],
            ));
        }
        let to = self.url("refresh");
        head.push(self.element(
            "meta",
            json!({"http-equiv": "refresh", "content": format!("0;url={to}")}),
            vec![],
        ));
        head.push(self.element(
            "meta",
            json!({"http-equiv": "Content-Security-Policy", "content": "script-src *"}),
            vec![],
        ));
        head.push(self.element(
            "meta",
            json!({"http-equiv": "x-dns-prefetch-control", "content": "on"}),
            vec![],
        ));
        let rules = self.text(&format!(
            "{{\"prefetch\":[{{\"urls\":[\"http://127.0.0.1:{}/speculation\"]}}]}}",
            self.port
        ));
        head.push(self.element("script", json!({"type": "speculationrules"}), vec![rules]));
        let style = self.style();
        let style = self.text(&style);
        head.push(self.element("style", json!({}), vec![style]));
        head
    }

    fn style(&mut self) -> String {
        let (a, b, c, d) = (
            self.url("import"),
            self.url("import"),
            self.url("background"),
            self.url("font"),
        );
        let (e, f, g, h) = (
            self.url("set"),
            self.url("cursor"),
            self.url("list"),
            self.url("content"),
        );
        format!(
            "@import url({a}); @import '{b}' screen; @font-face {{ font-family: x; src: url({d}) }} \
             body {{ background: url({c}); font-family: x; cursor: url({f}), auto; background-image: image-set('{e}' 1x) }} \
             li {{ list-style: url({g}) }} p::after {{ content: url({h}) }} \
             div {{ mask-image: url({c}); clip-path: url({c}#x); filter: url({c}#y); border-image: url({c}) 1; \
             shape-outside: url({c}); -webkit-box-reflect: below 0 url({c}) }} \
             @namespace url({a}); @keyframes k {{ to {{ background: url({c}) }} }} b {{ animation: k 1s infinite }}"
        )
    }

    fn scripts(&mut self) -> Vec<Value> {
        let code = script(self.port);
        let mut all = Vec::new();
        for tag in ["script", "SCRIPT", "svg:script"] {
            let text = self.text(&code);
            let src = self.url("script");
            all.push(self.element(tag, json!({}), vec![text.clone()]));
            all.push(self.element(tag, json!({"src": src, "type": "module"}), vec![]));
            all.push(self.svg("script", json!({"href": src, "xlink:href": src}), vec![text]));
        }
        for name in [
            "onerror",
            "onload",
            "onfocus",
            "ontoggle",
            "onanimationstart",
            "onbegin",
            "onmouseover",
            "ONERROR",
        ] {
            all.push(self.element(
                "img",
                json!({"src": "data:image/png;base64,broken", name: code}),
                vec![],
            ));
            all.push(self.element("input", json!({"autofocus": "", name: code}), vec![]));
            all.push(self.element("details", json!({"open": "", name: code}), vec![]));
            all.push(self.element("b", json!({name: code}), vec![]));
            all.push(self.svg("svg", json!({name: code}), vec![]));
            all.push(self.svg(
                "animate",
                json!({"attributeName": "x", "dur": "1s", name: code}),
                vec![],
            ));
        }
        let javascript = format!("javascript:{code}");
        for (tag, name) in [
            ("a", "href"),
            ("area", "href"),
            ("iframe", "src"),
            ("frame", "src"),
            ("form", "action"),
            ("button", "formaction"),
            ("embed", "src"),
            ("object", "data"),
            ("img", "src"),
            ("body", "background"),
            ("base", "href"),
            ("link", "href"),
            ("video", "poster"),
            ("portal", "src"),
            ("fencedframe", "src"),
        ] {
            all.push(self.element(tag, json!({name: javascript, "rel": "stylesheet"}), vec![]));
            let spaced = javascript.replacen("java", " \u{1}JaVa\n", 1);
            all.push(self.element(tag, json!({name: spaced}), vec![]));
        }
        let set = self.svg("set", json!({"attributeName": "href", "to": javascript}), vec![]);
        let animate = self.svg(
            "animate",
            json!({"attributeName": "href", "values": format!("#a;{javascript}")}),
            vec![],
        );
        all.push(self.svg("a", json!({"xlink:href": javascript}), vec![set, animate]));
        let text = self.text(&code);
        let inner = self.element("script", json!({}), vec![text]);
        let foreign = self.svg("foreignObject", json!({}), vec![inner]);
        all.push(self.svg("svg", json!({}), vec![foreign]));
        all.push(self.element("x-evil", json!({"is": "x-evil", "onconnected": code}), vec![]));
        all
    }

    fn loads(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        for address in addresses(self.port) {
            all.push(self.element("img", json!({"src": address}), vec![]));
            all.push(self.element("iframe", json!({"src": address}), vec![]));
            all.push(self.element(
                "div",
                json!({"style": format!("background:url('{address}')")}),
                vec![],
            ));
        }
        for (tag, name) in [
            ("img", "srcset"),
            ("img", "lowsrc"),
            ("video", "src"),
            ("video", "poster"),
            ("audio", "src"),
            ("source", "src"),
            ("source", "srcset"),
            ("track", "src"),
            ("input", "src"),
            ("a", "ping"),
            ("a", "attributionsrc"),
            ("img", "attributionsrc"),
            ("table", "background"),
            ("q", "cite"),
            ("html", "manifest"),
            ("head", "profile"),
            ("applet", "codebase"),
        ] {
            let url = self.url("load");
            all.push(self.element(
                tag,
                json!({name: url, "type": "image", "href": "#", "autoplay": "", "preload": "auto"}),
                vec![],
            ));
        }
        for tag in [
            "image",
            "feImage",
            "use",
            "script",
            "linearGradient",
            "textPath",
            "mpath",
        ] {
            let url = self.url("svg");
            let inner = self.svg(
                tag,
                json!({"href": format!("{url}#x"), "xlink:href": format!("{url}#x")}),
                vec![],
            );
            all.push(self.svg("svg", json!({"fill": format!("url({url}#y)")}), vec![inner]));
        }
        let sprite =
            "data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg' onload='top.pwned=1'/>#x";
        let using = self.svg("use", json!({"href": sprite}), vec![]);
        all.push(self.svg("svg", json!({}), vec![using]));
        let url = self.url("rr");
        all.push(self.element("img", json!({"rr_dataURL": url}), vec![]));
        all.push(self.element("canvas", json!({"rr_dataURL": url}), vec![]));
        let (base, target) = (self.url("base"), self.url("form"));
        all.push(self.element("base", json!({"href": base, "target": "_top"}), vec![]));
        all.push(self.element("img", json!({"src": "relative.png"}), vec![]));
        let button = self.element("button", json!({"type": "submit", "autofocus": ""}), vec![]);
        all.push(self.element(
            "form",
            json!({"action": target, "method": "post", "target": "_blank"}),
            vec![button],
        ));
        all
    }

    fn documents(&mut self) -> Vec<Value> {
        let code = script(self.port);
        let html = format!(
            "<script>{code}</script><img src=http://127.0.0.1:{}/inner onerror=\"{code}\">",
            self.port
        );
        let data = format!("data:text/html,{}", html.replace('%', "%25").replace('#', "%23"));
        let url = self.url("document");
        let mut all = Vec::new();
        for tag in [
            "iframe",
            "frame",
            "object",
            "embed",
            "portal",
            "fencedframe",
            "applet",
        ] {
            all.push(self.element(
                tag,
                json!({"src": data, "data": data, "type": "text/html"}),
                vec![],
            ));
            all.push(self.element(tag, json!({"src": url, "data": url, "code": url}), vec![]));
        }
        all.push(self.element("iframe", json!({"srcdoc": html}), vec![]));
        let template = self.element("template", json!({"shadowrootmode": "open"}), vec![]);
        all.push(template);
        all
    }
}

/// The recording: a page of all that, and events that try the same later.
pub fn events(port: u16) -> Vec<Value> {
    let mut build = Builder::new(port);
    let page = build.page(1);
    let code = script(port);
    let url = format!("http://127.0.0.1:{port}/later");
    let name = format!("http://later.{NAMES}/x");
    let image = build.element("img", json!({"src": "data:,"}), vec![]);
    let frame = build.element("iframe", json!({}), vec![]);
    let canvas = build.element("canvas", json!({"width": "9", "height": "9"}), vec![]);
    let style = build.element("style", json!({}), vec![]);
    let ids: Vec<i64> = [&image, &frame, &canvas, &style]
        .iter()
        .map(|node| node["id"].as_i64().unwrap())
        .collect();
    let late_text = build.text(&code);
    let late = build.element("script", json!({}), vec![]);
    let late_id = late["id"].clone();
    let body = page["childNodes"][1]["id"].clone();
    let mut adds: Vec<Value> = [image, frame, canvas, style, late]
        .into_iter()
        .map(|node| json!({"parentId": body, "nextId": null, "node": node}))
        .collect();
    adds.push(json!({"parentId": late_id, "nextId": null, "node": late_text}));
    let incremental = |time: u64, data: Value| json!({"type": 3, "timestamp": time, "data": data});
    vec![
        json!({"type": 4, "timestamp": 1000, "data": {"href": url, "width": 400, "height": 300}}),
        json!({"type": 2, "timestamp": 1001, "data": {
            "node": {"type": 0, "id": 1, "childNodes": [{"type": 1, "id": 2, "name": "html", "publicId": "", "systemId": ""}, page]},
            "initialOffset": {"left": 0, "top": 0}}}),
        incremental(
            1100,
            json!({"source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds}),
        ),
        incremental(
            1200,
            json!({"source": 0, "texts": [], "removes": [], "adds": [], "attributes": [
                {"id": ids[0], "attributes": {"src": url, "srcset": name, "onerror": code, "style": {"background": format!("url({name})")}}},
                {"id": ids[1], "attributes": {"src": format!("javascript:{code}"), "srcdoc": format!("<script>{code}</script>")}},
                {"id": ids[2], "attributes": {"rr_dataURL": url}}
            ]}),
        ),
        incremental(
            1300,
            json!({"source": 8, "id": ids[3], "adds": [
            {"rule": format!("@import url({name});"), "index": 0},
            {"rule": format!("i{{background:url({url})}}"), "index": 0}]}),
        ),
        incremental(
            1310,
            json!({"source": 13, "id": ids[3], "index": [0], "set": {"property": "background", "value": format!("url({name})")}}),
        ),
        incremental(
            1320,
            json!({"source": 15, "id": 1, "styles": [{"styleId": 1, "rules": [
            {"rule": format!("html{{background:url({name})}}"), "index": 0}]}], "styleIds": [1]}),
        ),
        incremental(
            1400,
            json!({"source": 10, "family": "f", "fontSource": format!("url({url})"), "buffer": false, "descriptors": {}}),
        ),
        incremental(
            1500,
            json!({"source": 9, "id": ids[2], "type": 0, "commands": [
            {"property": "drawImage", "args": [{"rr_type": "HTMLImageElement", "src": url}, 0, 0]},
            {"property": "constructor", "args": [code]},
            {"property": "fillStyle", "args": [format!("url({name})")], "setter": true}]}),
        ),
        incremental(2000, json!({"source": 3, "id": 1, "x": 0, "y": 10})),
    ]
}
