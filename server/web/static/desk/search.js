// The queue as far as it is searched: asked for again with each key, and kept over news. What is searched for leaves with the page.

const searching = document.getElementById('search-form')
let wishes = 0

async function search() {
  const wish = ++wishes
  await new Promise(resolve => setTimeout(resolve, 200))
  if (wish !== wishes) return
  const after = log() ? `&after=${log().dataset.seq}` : ''
  const answer = await load(`${desk.dataset.page}?news=1${after}`).catch(() => null)
  if (wish !== wishes) return
  if (!answer) lineIs('down')
  else if (isSignIn(answer)) signedOut()
  else for (const id of ['queue-count', 'queue']) swap(id, answer.page?.getElementById(id))
}

KEYS['/'] = () => {
  document.getElementById('search').open = true
  reach('queue', '#search-words')
}

searching.addEventListener('input', search)
searching.addEventListener('submit', event => {
  event.preventDefault()
  search()
})
document.getElementById('search-off').addEventListener('click', event => {
  event.preventDefault()
  for (const one of searching.elements) if (one.matches('input, select')) one.value = ''
  document.getElementById('search').open = false
  search()
})
document.getElementById('search-go').hidden = true
