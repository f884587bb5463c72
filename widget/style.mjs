// The chat's own style sheet, for its shadow root.

/** @type {string} */
export const STYLES = `
:host{all:initial!important;display:contents!important}
:host([hidden]),[hidden]{display:none!important}
*,*::before,*::after{box-sizing:border-box}
.root{--accent:#0b6b6b;--radius:10px;--font:system-ui,sans-serif;--ink:#1b2733;--soft:#4a5a68;--paper:#fff;--wash:#f4f7f9;--line:#d5dee5;--on:#fff;--a:var(--accent);--tint:#e3f1f0;--mark:#bfe0de;--warm:#fff6e8;--amber:#8a5a00;--gold:#e6c78f;--redtext:#8c1d18;--redwash:#fdecea;color-scheme:light;font:400 1.0625em/1.5 var(--font);color:var(--ink);overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
@supports (color:color-mix(in srgb,red,red)){.root{--tint:color-mix(in srgb,var(--accent) 11%,#fff);--mark:color-mix(in srgb,var(--accent) 25%,#fff)}
@media (prefers-color-scheme:dark){.root{--ink:#e8eef2;--soft:#b3c0ca;--paper:#141c23;--wash:#202b34;--line:#33424e;--on:#06201f;--a:color-mix(in srgb,var(--accent) 40%,#d8fffb);--tint:color-mix(in srgb,var(--accent) 24%,#141c23);--mark:color-mix(in srgb,var(--accent) 60%,#141c23);--warm:#2d2413;--amber:#efc06a;--gold:#6b5527;--redtext:#ffdad6;--redwash:#3d1411;color-scheme:dark}}}
h2,h3,p,blockquote{margin:0;font:inherit}
h2,h3,b,label,.strong,.label,.who,.main,.plain,.person,.base a{font-weight:600}
.small{font-size:.882em}
.soft,.line{color:var(--soft)}
.sr{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
svg{width:1.3em;height:1.3em;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
a,.link{color:var(--a);text-decoration:underline}
button,.call{font:inherit;color:inherit;cursor:pointer;min-height:44px;border:1px solid transparent;border-radius:var(--radius);padding:8px 16px;background:none;display:flex;align-items:center;justify-content:center;gap:8px;text-align:start}
:focus-visible{outline:3px solid var(--a);outline-offset:2px}
.main{background:var(--a);color:var(--on)}
.main:hover,.call:hover{filter:brightness(.88)}
.plain{border-color:var(--soft);background:var(--paper);color:var(--a)}
.plain:hover,.x:hover{background:var(--tint)}
.link{padding:8px 4px;border:0}
.launch,.panel{position:fixed;z-index:2147483647;right:16px;bottom:calc(16px + env(safe-area-inset-bottom));max-width:calc(100vw - 32px);box-shadow:0 4px 24px #0f1f2e40}
.left>*{right:auto;left:16px}
.launch{min-height:56px;padding:8px 24px 8px 20px;border-radius:28px}
.count{border:2px solid;border-radius:16px;padding:0 8px}
.panel{width:calc(400em/17);height:calc(640em/17);max-height:calc(100vh - 32px);container:panel/size;background:var(--paper);border:1px solid var(--line);border-radius:var(--radius);overflow:hidden}
.frame{display:flex;flex-direction:column;height:100%;border-top:4px solid var(--a)}
.frame>*{flex:none}
.head{display:flex;align-items:center;padding:8px 4px 8px 16px;border-bottom:1px solid var(--line);line-height:1.35}
.head div,.write label{flex:1;min-width:0}
.x{padding:0;width:44px}
.danger,.calls{background:var(--redwash);color:var(--redtext)}
.danger.danger{flex:0 1 auto;min-height:5em;padding:12px 16px;border-top:4px solid #b3261e;font-size:1.18em;line-height:1.4;overflow-y:auto}
.danger h3{font-size:1.1em}
.head:has(~.danger:not([hidden])) p{display:none}
.danger:focus,.scroll:focus-visible,.letter:focus-visible{outline-offset:-4px;outline-color:currentColor}
.danger:not(:focus){max-height:25%}
.danger:not([hidden])~.scroll{min-height:5.2em}
.calls{padding:8px 16px 12px}
.call{flex:1 1 auto;padding:8px;min-height:52px;background:#b3261e;color:#fff;font-weight:700;font-size:1.12em;text-decoration:none}
.call+.call{background:none;border:2px solid;color:inherit}
.scroll.scroll{flex:1 1 0;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px}
.stack,.log,.item,.letter,.clip,.bars{display:flex;flex-direction:column;gap:12px}
.log{gap:16px}
.starters{gap:8px}
.starters>.plain{justify-content:flex-start;font-weight:500}
.bubble,.said,blockquote{white-space:pre-wrap;unicode-bidi:plaintext}
.bubble,.box,.letter{background:var(--wash);border:1px solid var(--line);border-radius:var(--radius);padding:8px 12px}
.bubble{max-width:88%}
.mine,.staff{align-items:flex-end;gap:4px}
.staff{align-items:flex-start}
.staff .bubble,.letter{background:var(--warm);border-color:var(--gold)}
.who{display:flex;align-items:center;gap:6px}
.who svg,.person svg{color:var(--amber)}
.line{text-align:center}
.item:not(:last-child) .offer{display:none}
.mine:has(~.mine)>:last-child{display:none}
.clip,.letter,.box{padding:12px 16px}
.clip{gap:4px;background:var(--tint);border-inline-start:4px solid var(--a)}
.clip blockquote{margin:4px 0;font-size:1.06em}
.label{color:var(--a)}
.wrong{color:var(--redtext);padding:4px 16px 0}
.wrong:empty{display:none}
mark{background:var(--mark);color:inherit;border-radius:2px}
.row,.base{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center}
.row a,.base a{padding:11px 0}
.box{background:none;border-color:var(--soft);border-inline-start:4px solid var(--amber)}
.notice{margin:8px 16px 0}
.bars{gap:8px;animation:show 1ms .3s both}
.bars i{height:12px;border-radius:6px;background:var(--line)}
@keyframes show{from{opacity:0}}
label{display:flex;flex-direction:column;gap:4px}
.check{flex-direction:row;gap:12px;font-weight:400;padding:10px 0}
.check input{width:24px;height:24px;margin:0;flex:none;accent-color:var(--a)}
textarea,.letter input[name]{font:400 max(1em,16px)/1.5 var(--font);color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:var(--radius);padding:9px 12px;width:100%;min-height:46px;resize:none}
::placeholder{color:var(--soft);opacity:1}
.person{border-radius:0;border-block-color:var(--gold);background:var(--warm);padding:4px 16px}
.write{display:flex;gap:8px;align-items:flex-end;padding:8px 16px 4px;background:var(--paper)}
.write textarea{max-height:7em}
.base{justify-content:space-between;gap:4px;padding:0 16px env(safe-area-inset-bottom)}
.base .link{padding:8px 0}
.base a{color:var(--ink)}
@container panel (max-width:340px){.base{padding-inline-end:8px}}
@container panel (max-height:430px){.frame{overflow-y:auto;display:block}.person{width:100%}.scroll{overflow:visible}.danger.danger{max-height:none;overflow:visible}.write{position:sticky;bottom:0;border-top:1px solid var(--line)}.calls{position:sticky;top:0;bottom:58px}.head p{display:none}}
@media (max-width:37.49em){:not(.inline)>.panel{inset:var(--top,0) 0 auto!important;width:100%;max-width:none;height:var(--tall,100dvh);max-height:none;border:0;border-radius:0}}
.inline .panel{position:static;width:100%;max-width:none;box-shadow:none}
.inline .x{display:none}
@media (prefers-reduced-motion:no-preference){.panel{animation:show .15s ease-out}}
@media print{button,.write,.base{display:none}.panel,.frame,.scroll{position:static;display:block;height:auto;max-height:none;width:auto;max-width:none;overflow:visible;container-type:normal}}
`
