// main.ts - puts the page on the screen.
import { mount } from 'svelte';
import App from './App.svelte';
import { applyTheme } from './state/theme.svelte';
import { applyLanguage } from './state/words.svelte';
import './styles/tokens.css';
import './styles/base.css';

applyTheme();
applyLanguage();
mount(App, { target: document.getElementById('app')! });
