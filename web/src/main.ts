import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { press } from './lib/keys';
import { theme } from './lib/theme.svelte';

theme.load();
window.addEventListener('keydown', press);
const target = document.getElementById('app');
if (target) mount(App, { target });
