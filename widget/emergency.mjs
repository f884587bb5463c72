// Plain signs of an emergency, for when the server cannot judge: words near each other, and words enough alone.

const NEAR = [
  ['chest|pecho', 'pain|pressure|tight|hurt|dolor|duele|presion'],
  ['breath|respirar', 'cant|cannot|hard|trouble|short|not|no pued|cuesta'],
  ['face|lips?|tongue|throat|cara|lengua|garganta', 'swell|swollen|droop|closing|hinch'],
  ['fever|chills|draining|red streak|fiebre', 'knee|joint|leg|rodilla'],
  ['calf|pantorrilla', 'swell|swollen|hot|hinch'],
  ['leg|foot|arm|pierna', '(cant|cannot|no puedo) (move|feel|mover)|blue'],
  ['sudden|worst|loss|lost|losing|cant', 'weak|numb|blind|confus|headache|sight|vision|see\\b'],
  ['blood|bleed|sangr', 'cough|vomit|stop|\\btos|no para'],
  ['want|going|better|quier', '\\bdie\\b|\\bdead\\b|morir'],
  ['kill|hurt|harm|end|take', 'myself|himself|herself|my life|it all'],
  ['not?|dont', '(want to|quiero) (live|be here|vivir)']
]
const ALONE =
  /heart attack|infarto|gasping|choking|ahogo|faint|pass(ed|ing) out|collapsed|unconscious|wont wake|seizure|desmay|inconscien|convuls|slurr|wheez|bladder|bowel|bone.{0,9}(stick|through)|hit (my|his|her) head|overdos|poison|too many pills|sobredosis|envenen|suicid|self.?harm|matarme|quitarme la vida|hacerme dano|ambulance/
const SIGNS = NEAR.map(([one, other]) => new RegExp(`(${one}).{0,30}(${other})|(${other}).{0,30}(${one})`, 's')).concat(ALONE)

/**
 * Whether a text shows a plain sign of an emergency. It would rather say so once too often.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function isEmergency(text) {
  const plain = text.normalize('NFD').replace(/\p{M}|['’]/gu, '').toLowerCase()
  return SIGNS.some(sign => sign.test(plain))
}
